package folio.benchmark.soak;

/** A response format, with the {@code Accept} header that requests it. */
enum ResponseFormat {
  /** The format of a request without an {@code Accept} header. */
  DEFAULT(null, "text/event-stream"),
  ANYTHING("*/*", "text/event-stream"),
  EVENTS("text/event-stream", "text/event-stream"),
  LINES("application/x-ndjson", "application/x-ndjson"),
  CHARACTERS("text/plain", "text/plain"),
  JSON("application/json", "application/json");

  private final String accept;
  private final String contentType;

  ResponseFormat(String accept, String contentType) {
    this.accept = accept;
    this.contentType = contentType;
  }

  /** Returns the request's {@code Accept} header, or null for none. */
  String accept() {
    return accept;
  }

  /** Returns the prefix of the response's {@code Content-Type}. */
  String contentType() {
    return contentType;
  }

  /** Returns whether the response consists of server-sent events. */
  boolean isEvents() {
    return contentType.equals("text/event-stream");
  }
}
