/** Something that has to be there is not, or was asked for wrongly: the message is one sentence for the user, no stack trace. */
export class Unmet extends Error {
  override readonly name = 'Unmet';
}
