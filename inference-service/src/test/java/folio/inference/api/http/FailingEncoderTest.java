package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import folio.inference.CheckpointFolder;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationStream;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.junit.jupiter.api.Test;

/** An encoder that fails in the middle of a stream. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class FailingEncoderTest {
  /** A route whose encoder fails at the text {@code b}. */
  @Path("/test/failing-encoder")
  public static final class Route {
    /** Returns a stream of the texts {@code a}, {@code b} and {@code c}. */
    @GET
    @Produces("application/x-test")
    @Operation(hidden = true)
    public CharacterStream stream() {
      GenerationStream source = new GenerationStream();
      source.start(new GenerationStream.Started("v", 1));
      source.append("a", List.of());
      return new CharacterStream(List.of(source), new FailingEncoder(source));
    }
  }

  private record FailingEncoder(GenerationStream source) implements StreamEncoder {
    @Override
    public byte[] encode(int index, GenerationEvent event, ObjectMapper json) {
      if (event instanceof GenerationEvent.Text text) {
        if (text.text().equals("b")) {
          source.append("c", List.of());
          throw new IllegalStateException("this text cannot be encoded");
        }
        source.append("b", List.of());
        return text.text().getBytes(StandardCharsets.UTF_8);
      }
      return ("|" + ((GenerationEvent.Failed) event).message()).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] end(ObjectMapper json) {
      return "|end".getBytes(StandardCharsets.UTF_8);
    }
  }

  @Test
  void endsTheStreamWithAnErrorEvent() {
    assertThat(RestAssured.get("/test/failing-encoder").asString())
        .isEqualTo("a|the service failed; its log has the cause|end");
  }
}
