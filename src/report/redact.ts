/**
 * A text without the passwords of the URLs in it: what is said of a mistyped flag repeats the flag's value. The word
 * `password` itself stays, as in the examples of a message.
 */
export const withoutPasswords = (text: string): string =>
  text
    .replace(/(\b[a-z][a-z+.-]*:\/\/[^\s:/@]*):(?!password@)\S*@/gi, '$1:***@')
    .replace(/\b(pass(?:word)?|pgpassword|db_pass)=[^\s&'"]+/gi, '$1=***');
