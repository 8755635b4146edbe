package folio.benchmark;

/** A form of answer that a client may ask for. */
enum SoakFormat {
  /** Without an {@code Accept}. */
  DEFAULT(null, "text/event-stream"),
  ANYTHING("*/*", "text/event-stream"),
  EVENTS("text/event-stream", "text/event-stream"),
  LINES("application/x-ndjson", "application/x-ndjson"),
  CHARACTERS("text/plain", "text/plain"),
  WHOLE("application/json", "application/json");

  private final String accept;
  private final String contentType;

  SoakFormat(String accept, String contentType) {
    this.accept = accept;
    this.contentType = contentType;
  }

  /** The header, or null for none. */
  String accept() {
    return accept;
  }

  /** What the answer's begins with. */
  String contentType() {
    return contentType;
  }

  /** Whether each event stands in {@code data:}. */
  boolean isEvents() {
    return contentType.equals("text/event-stream");
  }
}
