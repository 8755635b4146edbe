package folio.inference.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.sampling.OutOfRangeException;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationRequestTest {
  private static GenerationRequest request(String prompt, int maxTokens, List<String> stop) {
    return GenerationRequest.builder(prompt, maxTokens).seed(1).stop(stop).build();
  }

  @Test
  void rejectsFieldsThatAreOutOfTheirRange() {
    GenerationLimits limits = new GenerationLimits(10, 5);

    assertThat(limits.check(request("abcde", 10, List.of("x"))).maxTokens()).isEqualTo(10);
    assertThatThrownBy(() -> limits.check(request("abcdef", 10, List.of())))
        .isInstanceOf(OutOfRangeException.class)
        .hasMessage("prompt is 6 characters; it must be up to 5 characters");
    assertThatThrownBy(() -> limits.check(request("a", 11, List.of())))
        .hasMessage("max_tokens is 11; it must be 1 to 10");
    assertThatThrownBy(() -> limits.check(request("a", 0, List.of())))
        .hasMessage("max_tokens is 0; it must be 1 to 10");
    assertThatThrownBy(() -> request("a", 1, List.of("")))
        .hasMessage("stop is 0 characters; it must be 1 to 64 characters per text");
    assertThatThrownBy(() -> request("a", 1, Collections.nCopies(9, "x")))
        .hasMessageContaining("up to 8 texts");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\ud83d", "\ude00", "a\ud83d", "\ude00\ud83d", "\ud83d\ud83d\ude00"})
  void rejectsAStopTextWithHalfASurrogatePair(String stop) {
    assertThatThrownBy(() -> request("a", 1, List.of("x", stop)))
        .isInstanceOf(OutOfRangeException.class)
        .hasMessage("stop is half a surrogate pair; it must be texts of whole characters");
    assertThat(request("a", 1, List.of("\ud83d\ude00")).stop()).hasSize(1);
  }

  @Test
  void mayAskForNoCharacterToEchoThePrompt() {
    GenerationLimits limits = new GenerationLimits(10, 5);
    GenerationRequest.Builder echo = GenerationRequest.builder("a", 0).echo(true);

    assertThat(limits.check(echo.build()).maxTokens()).isZero();
    assertThatThrownBy(() -> limits.check(echo.keepState(true).build()))
        .hasMessage("max_tokens is 0; it must be 1 to 10");
  }

  @Test
  void anAbsentPromptCountsAsOneCharacter() {
    assertThat(request("", 10, List.of()).promptLength()).isEqualTo(1);
    assertThat(request("", 10, List.of()).hasDefaultPrompt()).isTrue();
    assertThat(request("a", 10, List.of()).hasDefaultPrompt()).isFalse();
  }

  @Test
  void countsTheLogProbabilitiesOfAnAnswer() {
    GenerationRequest.Builder builder = GenerationRequest.builder("h\u00f8\ud83d\ude00", 10);

    assertThat(builder.build().logprobCount()).isZero();
    assertThat(builder.logprobs(0).build().logprobCount()).isEqualTo(10);
    assertThat(builder.logprobs(4).promptLogprobs(1).build().logprobCount()).isEqualTo(3 * 2 + 50);
  }
}
