package folio.trainer.report;

/** Escaping of text for HTML. */
final class Html {
  private Html() {}

  /** Returns HTML that shows a text as it is, also inside a quoted attribute. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
