package folio.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import org.junit.jupiter.api.Test;

class CudaStreamTest {
  @Test
  void belongsToItsDeviceAlsoOnAThreadThatUsedAnother() {
    try (FakeDriver driver = new FakeDriver(FakeDriver.HOPPER, launch -> {}, Long.BYTES)) {
      for (int device : new int[] {0, 1, 0}) {
        CudaStream.standard(Device.gpu(device));
        assertThat(driver.currentDevice()).isEqualTo(device);
      }
    }
  }
}
