// Colours on a terminal.
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Text in a style, by escape sequences around it. */
export type Paint = (style: Style, text: string) => string;

export const COLOURED: Paint = (style, text) => styleText(style, text, { validateStream: false });

export const PLAIN: Paint = (_style, text) => text;
