package folio.inference.api.http;

import jakarta.ws.rs.core.MediaType;
import java.util.List;

/** The media types of generated text. */
public final class MediaTypes {
  /** Newline-delimited JSON: one object per line. */
  public static final String NDJSON = "application/x-ndjson";

  /** Every media type that {@code POST /generate} offers, the preferred one first. */
  public static final List<String> GENERATED =
      List.of(
          MediaType.SERVER_SENT_EVENTS, NDJSON, MediaType.TEXT_PLAIN, MediaType.APPLICATION_JSON);

  private MediaTypes() {}
}
