package folio.trainer.report;

/** The parts that the pages of runs share. */
final class Html {
  private Html() {}

  /** Returns the beginning of a page, up to its body. */
  static String head(String title) {
    return """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>%s</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>
        :root { color-scheme: light dark }
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem }
        pre, .target { font: .9rem/1.7 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%%, 28rem), 1fr)); gap: 0 1rem }
        svg { width: 100%%; height: auto } svg text { fill: currentColor; font-size: 14px }
        .legend { margin: 0; font-size: .9rem } .legend span { white-space: nowrap; margin-right: 1rem }
        .scroll { overflow-x: auto }
        table { border-collapse: collapse } td, th { text-align: left; padding: .15rem 1rem .15rem 0; vertical-align: top }
        .facts td:last-child { overflow-wrap: anywhere } .losses td:not(:first-child) { white-space: nowrap }
        </style></head><body>
        """
        .formatted(escape(title));
  }

  /** Returns HTML that shows a text as it is, also inside a quoted attribute. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
