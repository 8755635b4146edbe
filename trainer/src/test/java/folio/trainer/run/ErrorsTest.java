package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.EngineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory:"
            + " you tried to allocate 4398046511104 bytes. Error code 12"
      })
  void suggestsASmallerNetworkIfMemoryIsUsedUp(String message) {
    assertThat(Errors.describe(new EngineException(message + "\nmore")))
        .isEqualTo(
            "the engine failed: "
                + message
                + "; lower --hidden-size, --layers, --batch or --length");
    assertThat(Errors.describe(new OutOfMemoryError("Java heap space")))
        .startsWith("there is not enough memory; lower --hidden-size");
  }

  @Test
  void suggestsNothingAboutMemoryForOtherErrors() {
    assertThat(Errors.describe(new EngineException("The size of tensor a (3) must match")))
        .isEqualTo("the engine failed: The size of tensor a (3) must match");
  }
}
