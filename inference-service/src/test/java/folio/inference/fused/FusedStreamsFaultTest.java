package folio.inference.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.runtime.cuda.CudaException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests {@link FusedStreams} with a kernel that times out and a driver that returns errors. */
class FusedStreamsFaultTest {
  private final FakeKernel kernel = new FakeKernel();

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void reportsAKernelThatTimesOut() {
    kernel.timesOut = true;
    try (FusedDecoders decoders = kernel.decoders();
        FusedDecoder decoder = decoders.createDecoder().orElseThrow()) {
      kernel.join(decoder, new FakeStream(0));
      decoder.launch(List.of(new FakeStream(0).plan(5)), 5);

      assertThatThrownBy(decoder::finish)
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("the kernel timed out");
    }
    assertThat(kernel.driver.allocations()).isZero();
  }

  @Test
  void createsNoDecoderIfTheDeviceHasTooLittleMemory() {
    try (FusedDecoders decoders = kernel.decoders()) {
      int allocationsOfTheModel = kernel.driver.allocations();
      for (int before = 0; before < 5; before++) {
        kernel.driver.fail("cuMemAlloc_v2", before);

        assertThat(decoders.createDecoder()).isEmpty();
        assertThat(kernel.driver.allocations()).isEqualTo(allocationsOfTheModel);
      }
    }
  }

  @Test
  void throwsIfTheDriverRejectsALaunch() {
    kernel.driver.fail("cuLaunchCooperativeKernel", 0);
    try (FusedDecoders decoders = kernel.decoders();
        FusedDecoder decoder = decoders.createDecoder().orElseThrow()) {
      kernel.join(decoder, new FakeStream(0));

      assertThatThrownBy(() -> decoder.launch(List.of(new FakeStream(0).plan(5)), 5))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("cuLaunchCooperativeKernel");
    }
  }
}
