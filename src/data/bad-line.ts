// A line of a data file that cannot be compiled.

/** The message is the reason, as the compilers report it behind the line's number. */
export class BadLine extends Error {}
