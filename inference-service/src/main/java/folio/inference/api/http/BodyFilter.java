package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** A request filter that gives JAX-RS each body when it is complete, decompressed. */
public final class BodyFilter {
  private static final String GZIP = "gzip";
  private static final String IDENTITY = "identity";
  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

  /** Waits for the body of a POST, without blocking, and sets it as the request's entity. */
  @ServerRequestFilter
  public Uni<Void> awaitBody(ContainerRequestContext request, RoutingContext http) {
    if (!request.getMethod().equals(HttpMethod.POST)) {
      return Uni.createFrom().voidItem();
    }
    String coding = request.getHeaderString(HttpHeaders.CONTENT_ENCODING);
    boolean compressed = GZIP.equalsIgnoreCase(coding);
    if (coding != null && !compressed && !coding.equalsIgnoreCase(IDENTITY)) {
      throw new ProblemException(unknownCoding(Problem.shorten(coding)));
    }
    RequestBody body = RequestBody.of(http);
    return body.read()
        .map(bytes -> compressed ? decompress(bytes, body.limits()) : bytes.getBytes())
        .invoke(BodyFilter::rejectNothing)
        .invoke(bytes -> request.setEntityStream(new ByteArrayInputStream(bytes)))
        .replaceWithVoid();
  }

  /** Decompresses no more than the limit, whatever the body would grow to. */
  private static byte[] decompress(Buffer body, BodyLimits limits) {
    int max = (int) Math.min(limits.bytes(), Integer.MAX_VALUE - 1);
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body.getBytes()))) {
      byte[] bytes = in.readNBytes(max + 1);
      if (bytes.length > max) {
        throw new ProblemException(
            limits.tooLarge("more than " + limits.bytes() + " bytes when it is decompressed"));
      }
      return bytes;
    } catch (IOException e) {
      throw new ProblemException(BodyLimits.unreadable("gzip, as Content-Encoding says"));
    }
  }

  /**
   * JAX-RS treats the JSON value null and a body of white space like an absent body, for which
   * every field has a default.
   */
  private static void rejectNothing(byte[] body) {
    int start = 0;
    int end = body.length;
    while (start < end && isSpace(body[start])) {
      start++;
    }
    while (start < end && isSpace(body[end - 1])) {
      end--;
    }
    if (start == end && body.length > 0) {
      throw new ProblemException(
          Problem.of(
                  Status.BAD_REQUEST,
                  "malformed_json",
                  "the body holds nothing but white space; it must be a JSON object")
              .about("the body", "white space", "a JSON object"));
    }
    if (Arrays.equals(body, start, end, NULL, 0, NULL.length)) {
      throw new ProblemException(
          Problem.of(Status.BAD_REQUEST, "wrong_type", "the body is null; it must be a JSON object")
              .about("the body", "null", "a JSON object"));
    }
  }

  /** Returns whether a byte is white space in JSON. */
  private static boolean isSpace(byte value) {
    return value == ' ' || value == '\t' || value == '\n' || value == '\r';
  }

  private static Problem unknownCoding(String coding) {
    return Problem.of(
            Status.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Content-Encoding is " + coding + "; it must be gzip or identity")
        .about(HttpHeaders.CONTENT_ENCODING, coding, "gzip or identity");
  }
}
