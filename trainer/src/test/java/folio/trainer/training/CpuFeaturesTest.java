package folio.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuFeaturesTest {
  @ParameterizedTest
  @CsvSource({
    "avx2 avx512f avx512_bf16 avx512_vnni, true",
    "avx512f amx_bf16, true",
    "avx2 fma, false",
    "avx512f avx512_bf16x, false"
  })
  void readsTheFlagsOfTheProcessor(String flags, boolean expected) {
    List<String> lines = List.of("model name\t: a CPU", "flags\t\t: fpu " + flags, "bugs\t: none");

    assertThat(CpuFeatures.multipliesBfloat16(lines)).isEqualTo(expected);
  }
}
