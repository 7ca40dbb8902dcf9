/** Error whose message is all there is to say: no stack is printed. */
export class Complaint extends Error {}
