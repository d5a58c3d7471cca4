/** The words for a value of the server's. It may be one that came after this app: then `otherwise` is shown, and nothing fails. */
export function label(value: string, texts: Readonly<Record<string, string>>, otherwise = "未知"): string {
  return Object.prototype.hasOwnProperty.call(texts, value) ? (texts[value] ?? otherwise) : otherwise;
}
