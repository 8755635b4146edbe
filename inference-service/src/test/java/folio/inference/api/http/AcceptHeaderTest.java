package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptHeaderTest {
  private static final List<String> OFFERED = MediaTypes.GENERATED;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          application/json                                | application/json
          Text/Plain                                      | text/plain
          text/event-stream;charset=utf-8                 | text/event-stream
          */*                                             | text/event-stream
          *;q=.2                                          | text/event-stream
          text/html, image/gif, *; q=.2, */*; q=.2        | text/event-stream
          text/*                                          | text/event-stream
          application/*                                   | application/x-ndjson
          application/json, text/plain, */*               | application/json
          text/plain, application/json                    | text/plain
          text/plain;q=0.5, application/json;q=0.9        | application/json
          text/plain;q=0.5, */*;q=0.8                     | text/event-stream
          text/event-stream;q=0, */*                      | application/x-ndjson
          text/*;q=0, */*                                 | application/x-ndjson
          image/png, application/x-ndjson;q=0.001         | application/x-ndjson
          nonsense, text/plain;q=high, application/json   | application/json
          application/json;version=1;q=1.000              | application/json
          """)
  void choosesTheTypeWithTheHighestQuality(String accept, String best) {
    assertThat(new AcceptHeader(List.of(accept)).best(OFFERED)).hasValue(best);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          image/png
          application/json;q=0
          */*;q=0
          text/html, image/*
          nonsense
          text/plain;q=2
          text/plain;q=NaN
          ,;,
          """)
  void choosesNothingIfNoTypeIsAcceptable(String accept) {
    assertThat(new AcceptHeader(List.of(accept)).best(OFFERED)).isEmpty();
  }

  @Test
  void joinsHeadersAndAcceptsAnyTypeWithoutOne() {
    assertThat(new AcceptHeader(List.of("image/png", "text/plain")).best(OFFERED))
        .hasValue("text/plain");
    assertThat(new AcceptHeader(List.of()).best(OFFERED)).hasValue("text/event-stream");
    assertThat(new AcceptHeader(List.of(" ")).best(OFFERED)).hasValue("text/event-stream");
  }
}
