#!/usr/bin/env node
// dnscache: the recursive cache. Counterpart: dnscache.c.
import { dnscache } from '../src/program/dnscache.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnscache',
    synopsis: '',
    about: 'Resolves names for clients, from the roots down, and remembers the answers.',
    notes: `
Environment: IP (address to listen on), ROOT (directory to work in), UID, GID (user to become), IPSEND (address to
ask from), CACHESIZE (bytes); HIDETTL, FORWARDONLY, PORT, UNPRIVILEGED. Files in ROOT: servers/, ip/.
See dnscache(8).`,
  },
  dnscache,
);
