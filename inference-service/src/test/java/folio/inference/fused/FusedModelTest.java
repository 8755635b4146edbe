package folio.inference.fused;

import static folio.inference.fused.FakeKernel.HIDDEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.util.Float16Utils;
import com.sun.jna.Pointer;
import folio.model.network.HostCopy;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaStream;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FusedModelTest {
  private final FakeKernel kernel = new FakeKernel();

  @AfterEach
  void close() {
    kernel.close();
  }

  /** The weights are {@code [block][matrix][pair][row][32]}: hidden 0, input 1, hidden 1. */
  @Test
  void copiesTheWeightsToWhereTheKernelReadsThem() {
    try (FusedDecoders decoders = kernel.decoders();
        FusedDecoder decoder = decoders.createDecoder().orElseThrow()) {
      kernel.join(decoder, new FakeStream(0));
      decoder.launch(List.of(new FakeStream(0).plan(1)), 1);
      decoder.finish();

      Pointer weights = kernel.weights;
      List<float[]> matrices =
          List.of(
              HostCopy.floats(kernel.network.weights().layers().get(0).get(1)),
              HostCopy.floats(kernel.network.weights().layers().get(1).get(0)),
              HostCopy.floats(kernel.network.weights().layers().get(1).get(1)));
      int units = kernel.layout.units();
      long at = 0;
      for (int block = 0; block < HIDDEN / units; block++) {
        for (float[] matrix : matrices) {
          for (int pair = 0; pair < HIDDEN / 32; pair++) {
            for (int gate = 0; gate < 3; gate++) {
              for (int unit = block * units; unit < (block + 1) * units; unit++) {
                for (int k = pair * 32; k < (pair + 1) * 32; k++) {
                  assertThat(weights.getShort(at))
                      .isEqualTo(
                          Float16Utils.floatToHalf(matrix[(gate * HIDDEN + unit) * HIDDEN + k]));
                  at += Short.BYTES;
                }
              }
            }
          }
        }
      }
    }
  }

  /**
   * The weights of the pipeline are {@code [layer][block][input, hidden][step][R / 8][2][8][8]}.
   * Eight rows are units of a gate, and a step has columns 0, 1, 8, 9, 16, 17, 24, 25, then 2, 3,
   * 10, 11, 18, 19, 26, 27 of 32, and the next step the same + 4.
   */
  @Test
  void copiesTheWeightsToWhereThePipelineReadsThem() {
    int[] columns = {0, 1, 8, 9, 16, 17, 24, 25, 2, 3, 10, 11, 18, 19, 26, 27};
    try (FusedModel model = kernel.modelWithPipeline(16, 64)) {
      model.decodeByPipelineFrom(1);
      try (FusedStreams decoder = new FusedStreams(model, CudaStream.standard(Device.cpu()))) {
        kernel.join(decoder, new FakeStream(0));
        decoder.launch(List.of(new FakeStream(0).plan(1)), 1);
        decoder.finish();
      }
      int units = kernel.pipeline.units();
      long at = 0;
      for (int layer = 0; layer < FakeKernel.LAYERS; layer++) {
        for (int block = 0; block < HIDDEN / units; block++) {
          for (int tensor = 0; tensor < 2; tensor++) {
            boolean isTable = layer == 0 && tensor == 0;
            float[] matrix =
                HostCopy.floats(kernel.network.weights().layers().get(layer).get(tensor));
            for (int step = 0; step < HIDDEN / 16; step++) {
              for (int eight = 0; eight < units / 8; eight++) {
                for (int gate = 0; gate < 3; gate++) {
                  for (int k = 0; k < 16; k += 8) {
                    for (int unit = 0; unit < 8; unit++) {
                      int row = gate * HIDDEN + block * units + eight * 8 + unit;
                      for (int i = k; i < k + 8; i++) {
                        int column = step / 2 * 32 + step % 2 * 4 + columns[i];
                        short expected =
                            isTable ? 0 : Float16Utils.floatToHalf(matrix[row * HIDDEN + column]);
                        assertThat(kernel.weights.getShort(at)).isEqualTo(expected);
                        at += Short.BYTES;
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  @Test
  void freesItsMemoryIfTheDeviceHasTooLittle() {
    for (int before = 0; before < 5; before++) {
      kernel.driver.fail("cuMemAlloc_v2", before);

      assertThatThrownBy(kernel::model)
          .isInstanceOf(CudaException.class)
          .hasMessage("cuMemAlloc_v2 returned CUDA_ERROR_OUT_OF_MEMORY");
      assertThat(kernel.driver.allocations()).isZero();
    }
  }
}
