package folio.inference.api.http;

/** A completed answer, which may be many megabytes of JSON. */
public interface JsonAnswer {}
