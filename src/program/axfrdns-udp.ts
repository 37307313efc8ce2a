// axfrdns --listen --udp: the questions of secondaries that sign. They ask for the SOA over UDP before they transfer,
// and take no answer that is not signed; tinydns has no key. The rules of tcp.cdb hold here too: who is denied hears
// nothing.

import { Question } from '../answer/responder.ts';
import { formatAddress } from '../base/address.ts';
import { bytesOf } from '../base/bytes.ts';
import { unixNow } from '../base/tai.ts';
import { checkRequest, putRefusal, type RequestCheck } from '../transfer/tsig.ts';
import type { DatagramHandler, Received } from '../transport/datagram.ts';
import { CLASS_ANY, CLASS_IN } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import * as RCODE from '../wire/rcode.ts';
import { Request } from '../wire/request.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import type { AccessRules } from './access-rules.ts';
import { variableOf } from './access-rules.ts';
import { envBytes } from './args.ts';
import type { AxfrService } from './axfr-session.ts';
import { KeyRing } from './key-ring.ts';

const UNSIGNED: RequestCheck = { kind: 'unsigned' };

export class AxfrDatagrams implements DatagramHandler {
  private readonly rules: AccessRules;
  private readonly service: AxfrService;
  private readonly request: Request;
  private readonly response = new Writer();
  private readonly question = new Question();

  constructor(rules: AccessRules, service: AxfrService) {
    this.rules = rules;
    this.service = service;
    this.request = new Request(service.edns.payload > 0);
  }

  begin(): void {
    this.service.responder.begin();
    if (this.service.edns.hasCookies) this.service.edns.now = unixNow();
  }

  end(): void {
    this.service.log.flush();
  }

  datagram(datagram: Received): number {
    const { bytes, from, to, ip } = datagram;
    const rule = this.rules.find({ ip: bytesOf(formatAddress(ip)) });
    if (typeof rule === 'string' || rule.denied) return 0;
    const { request, question, service } = this;
    request.read(bytes, from, to);
    const { flags, class: qclass } = request;
    const isQuery = (flags & (FLAG.QR | FLAG.OPCODE | FLAG.AA | FLAG.TC)) === 0;
    if (!request.hasQuestion || !isQuery || (qclass !== CLASS_IN && qclass !== CLASS_ANY)) return 0;
    question.set(request, ip);
    service.log.query(datagram, request.id, 0, request.type, question.name);
    const list = variableOf(rule, 'KEY') ?? envBytes('KEY');
    const now = unixNow();
    const keys = list && new KeyRing(list);
    const check = keys ? checkRequest(bytes.slice(from, to), (name) => keys.find(name), now) : UNSIGNED;
    return this.respond(datagram, check, now);
  }

  /** Answers the request; returns the octets of the response. */
  private respond({ reply, replyAt, ip }: Received, check: RequestCheck, now: number): number {
    const { request, response, question, service } = this;
    const { edns } = service;
    const { id, flags, type, class: qclass } = request;
    const isRefused = check.kind === 'refused' || check.kind === 'malformed';
    const error = service.edns.errorOf(request);
    let rcode: number = isRefused ? (check.kind === 'refused' ? RCODE.NOTAUTH : RCODE.FORMERR) : error & FLAG.RCODE;
    if (rcode === RCODE.NOERROR && type === TYPE.AXFR) rcode = RCODE.NOTIMP;
    response.start(reply, replyAt);
    const outcome = rcode === RCODE.NOERROR && error === RCODE.NOERROR ? FLAG.AA : rcode;
    response.question(id, FLAG.QR | (flags & FLAG.RD) | outcome, request.name, request.nameAt, type, qclass);
    const questionEnd = response.length;
    const signature = check.kind === 'right' ? check.chain.room : 0;
    question.knowsEdns = request.opt.isPresent;
    question.maxResponse = edns.maxResponse(request) - signature;
    if (type === TYPE.IXFR) question.type = TYPE.SOA; // over UDP a client learns no more than that there is something new
    if (outcome === FLAG.AA && (!service.responder.respond(question, response) || response.failed)) return 0;
    if (response.length > question.maxResponse) {
      response.flags |= FLAG.TC;
      response.truncate(questionEnd);
      response.clearCounts();
    }
    if (question.knowsEdns) edns.putOpt(response, request, error, ip);
    const end = replyAt + response.length;
    if (check.kind === 'right') return check.chain.sign(reply, replyAt, end, now) - replyAt;
    return check.kind === 'refused' ? putRefusal(reply, replyAt, end, check, now) - replyAt : response.length;
  }
}
