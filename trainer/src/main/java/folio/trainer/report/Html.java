package folio.trainer.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The parts that the pages of runs share. They look like the page of the service. */
final class Html {
  private static final String LOOK = "/META-INF/resources/page/folio.css";

  private Html() {}

  /** Returns the style that the service's page has too; a report must not need another file. */
  private static String look() {
    try (InputStream in = Html.class.getResourceAsStream(LOOK)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(LOOK + " cannot be read", e);
    }
  }

  /** Returns the beginning of a page, up to its body. */
  static String head(String title) {
    return """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>%s</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>
        %s.facts td:last-child { overflow-wrap: anywhere }
        .losses td:not(:first-child) { white-space: nowrap }
        </style></head><body>
        """
        .formatted(escape(title), look());
  }

  /** Returns HTML that shows a text as it is, also inside a quoted attribute. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
