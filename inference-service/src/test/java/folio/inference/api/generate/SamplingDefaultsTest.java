package folio.inference.api.generate;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.api.openai.CompletionBody;
import folio.model.sampling.SamplingParameters;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The defaults of sampling parameters in the OpenAPI description of the request bodies. */
class SamplingDefaultsTest {
  @Test
  void describesTheDefaultOfEveryParameterOfGenerate() throws ReflectiveOperationException {
    for (RecordComponent parameter : SamplingParameters.class.getRecordComponents()) {
      assertThat(describedDefault(GenerateBody.class, parameter.getName()))
          .as(parameter.getName())
          .isEqualTo(defaultOf(parameter));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"temperature", "topP", "topK", "minP", "repetitionPenalty"})
  void describesTheDefaultsOfCompletions(String name) throws ReflectiveOperationException {
    RecordComponent parameter =
        Arrays.stream(SamplingParameters.class.getRecordComponents())
            .filter(component -> component.getName().equals(name))
            .findAny()
            .orElseThrow();
    assertThat(describedDefault(CompletionBody.class, name)).isEqualTo(defaultOf(parameter));
  }

  private static double describedDefault(Class<?> body, String field)
      throws ReflectiveOperationException {
    Schema schema = body.getDeclaredField(field).getAnnotation(Schema.class);
    return Double.parseDouble(schema.defaultValue());
  }

  private static double defaultOf(RecordComponent parameter) throws ReflectiveOperationException {
    return ((Number) parameter.getAccessor().invoke(SamplingParameters.DEFAULT)).doubleValue();
  }
}
