package folio.inference.fused;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.util.Float16Utils;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.HostCopy;
import folio.model.storage.FileCache;
import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaKernel;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.CudaModule;
import folio.runtime.cuda.CudaStream;
import folio.runtime.cuda.Nvrtc;
import folio.runtime.cuda.TensorAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * A network's weights, float16, in the order in which the kernel's blocks read them, and the kernel
 * for its shape. Any lane may decode with it, with {@link FusedStreams} of its own. Owned by its
 * model.
 */
public final class FusedModel implements FusedDecoderFactory {
  private static final Logger LOG = Logger.getLogger(FusedModel.class);
  private static final float LARGEST_HALF = 65_504;

  private static final KernelCache KERNELS =
      new KernelCache(
          FileCache.folderOf(System.getenv()),
          (source, name, architecture, definitions) -> {
            byte[] binary = Nvrtc.ofThisProcess().compile(source, name, architecture, definitions);
            CudaModule.check(binary); // what this driver refuses, of a newer compiler, is not kept
            return binary;
          });

  private final Device device;
  private final KernelLayout plan;
  private final int places;
  private final List<AutoCloseable> kept = new ArrayList<>();
  private final CudaKernel few;
  private final CudaKernel many;
  private final CudaMemory weights;
  private final CudaMemory table;
  private final CudaMemory biases;
  private final CudaMemory head;
  private final CudaMemory headBias;

  /**
   * Puts a network on the chip if that can be done; tells in the log if not, and why.
   *
   * @param manager on the network's device; scratch arrays are made below it
   * @param streams most at once in a lane
   */
  public static Optional<FusedDecoderFactory> of(NDManager manager, CharGru network, int streams) {
    return manager.getDevice().isGpu() ? of(manager, network, streams, KERNELS) : Optional.empty();
  }

  static Optional<FusedDecoderFactory> of(
      NDManager manager, CharGru network, int streams, KernelCache kernels) {
    try {
      CudaDevice gpu = CudaDevice.of(manager.getDevice());
      KernelLayout plan = KernelLayout.of(network.config(), gpu);
      TensorAddress.check();
      int places = plan.mostPlaces(gpu, streams);
      byte[] binary = kernels.binary(gpu, plan);
      FusedModel model = new FusedModel(manager, network, plan, places, binary);
      try {
        model.tryOut();
        return Optional.of(model);
      } catch (RuntimeException | Error e) {
        model.close();
        throw e;
      }
    } catch (UnsupportedNetworkException | CudaException e) {
      LOG.infof("decoded by libtorch, not on the chip: %s", e.getMessage());
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("decoded by libtorch, as the chip cannot be used", e);
    }
    return Optional.empty();
  }

  /**
   * A network on a chip.
   *
   * @param places most streams of a launch
   * @param binary the kernel, compiled for the plan
   * @throws UnsupportedNetworkException if a weight is too large
   * @throws CudaException if the device has too little memory, or the driver refuses
   */
  FusedModel(NDManager manager, CharGru network, KernelLayout plan, int places, byte[] binary) {
    this.device = manager.getDevice();
    this.plan = plan;
    this.places = places;
    try (NDManager scratch = manager.newSubManager()) {
      CharGru.Weights from = network.weights();
      CudaModule module = keep(CudaModule.load(device, binary));
      this.few = module.kernel("decodeSmallBatch", sharedBytes(1));
      this.many = module.kernel("decodeLargeBatch", sharedBytes(places));
      this.weights = keep(CudaMemory.of(device, weights(from)));
      this.table = keep(CudaMemory.of(device, floats(table(scratch, network.config(), from))));
      this.biases = keep(CudaMemory.of(device, biases(from)));
      this.head = keep(CudaMemory.of(device, head(scratch, from)));
      this.headBias = keep(CudaMemory.of(device, floats(HostCopy.floats(from.headBias()))));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Launches: whether all blocks have room on this GPU at once is for it to say. */
  private void tryOut() {
    try (FusedStreams streams = new FusedStreams(this, CudaStream.standard(device))) {
      streams.warm();
    }
  }

  private <T extends AutoCloseable> T keep(T part) {
    kept.add(part);
    return part;
  }

  /** {@code [block][matrix][pair][row][32]}: hidden 0, input 1, hidden 1, and so on. */
  private ByteBuffer weights(CharGru.Weights from) {
    List<float[]> matrices = new ArrayList<>();
    for (int layer = 0; layer < plan.layers(); layer++) {
      if (layer > 0) {
        matrices.add(HostCopy.floats(from.layers().get(layer).get(0)));
      }
      matrices.add(HostCopy.floats(from.layers().get(layer).get(1)));
    }
    int hidden = plan.hidden();
    ByteBuffer bytes = buffer(plan.blocks() * plan.matrices() * plan.rows() * hidden * Short.BYTES);
    for (int block = 0; block < plan.blocks(); block++) {
      for (float[] matrix : matrices) {
        for (int first = 0; first < hidden; first += 32) {
          for (int row = 0; row < plan.rows(); row++) {
            int gate = row / plan.units();
            int unit = block * plan.units() + row % plan.units();
            int at = (gate * hidden + unit) * hidden + first;
            for (int i = 0; i < 32; i++) {
              bytes.putShort(half(matrix[at + i]));
            }
          }
        }
      }
    }
    return bytes.flip();
  }

  /** What the first layer makes of each character, bias included, {@code [V, 3H]}. */
  private static float[] table(NDManager scratch, CharGruConfig config, CharGru.Weights from) {
    NDArray embedding = from.embedding().duplicate();
    embedding.attach(scratch);
    NDArray embedded = config.embeddingActivation().apply(embedding);
    embedded.attach(scratch);
    NDArray weight = from.layers().get(0).get(0).transpose();
    weight.attach(scratch);
    NDArray product = embedded.matMul(weight);
    product.attach(scratch);
    NDArray sum = product.add(from.layers().get(0).get(2));
    sum.attach(scratch);
    return HostCopy.floats(sum);
  }

  /** {@code [L][2][3H]}, input and hidden. */
  private ByteBuffer biases(CharGru.Weights from) {
    ByteBuffer bytes = buffer(plan.layers() * 2 * 3 * plan.hidden() * Float.BYTES);
    for (int layer = 0; layer < plan.layers(); layer++) {
      for (int which = 2; which <= 3; which++) {
        bytes.asFloatBuffer().put(HostCopy.floats(from.layers().get(layer).get(which)));
        bytes.position(bytes.position() + 3 * plan.hidden() * Float.BYTES);
      }
    }
    return bytes.flip();
  }

  /** {@code [pair][headRows][32]}; a projection, which nothing follows but the head, is in it. */
  private ByteBuffer head(NDManager scratch, CharGru.Weights from) {
    NDArray matrix = from.headWeight();
    if (from.projection() != null) {
      matrix = matrix.matMul(from.projection());
      matrix.attach(scratch);
    }
    float[] values = HostCopy.floats(matrix);
    int hidden = plan.hidden();
    ByteBuffer bytes = buffer(plan.headRows() * hidden * Short.BYTES);
    for (int first = 0; first < hidden; first += 32) {
      for (int row = 0; row < plan.headRows(); row++) {
        for (int i = 0; i < 32; i++) {
          float value = row < plan.vocabulary() ? values[row * hidden + first + i] : 0;
          bytes.putShort(half(value));
        }
      }
    }
    return bytes.flip();
  }

  private static short half(float value) {
    if (!(Math.abs(value) <= LARGEST_HALF)) {
      throw new UnsupportedNetworkException("a weight is " + value + ", too large for float16");
    }
    return Float16Utils.floatToHalf(value);
  }

  private static ByteBuffer floats(float[] values) {
    ByteBuffer bytes = buffer(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return bytes;
  }

  static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
  }

  Device device() {
    return device;
  }

  KernelLayout plan() {
    return plan;
  }

  @Override
  public int slots() {
    return places;
  }

  @Override
  public Optional<FusedDecoder> decoder() {
    try {
      CudaStream stream = CudaStream.current();
      if (stream == null) {
        throw new CudaException("this thread has no stream of its own");
      }
      return Optional.of(new FusedStreams(this, stream));
    } catch (CudaException e) {
      LOG.warnf("a lane decodes by libtorch, not on the chip: %s", e.getMessage());
      return Optional.empty();
    }
  }

  private int sharedBytes(int streams) {
    return plan.sharedBytes(KernelLayout.places(streams));
  }

  /** Puts where the weights are, with which {@code struct Launch} begins. */
  void put(ByteBuffer launch) {
    for (CudaMemory memory : List.of(weights, table, biases, head, headBias)) {
      launch.putLong(memory.address());
    }
  }

  /**
   * Launches the kernel for so many streams.
   *
   * @param blocks all of the plan's, but in tests
   * @param parameter a {@code struct Launch}
   */
  void launch(CudaStream stream, int blocks, int streams, ByteBuffer parameter) {
    (KernelLayout.few(streams) ? few : many)
        .launchCooperatively(stream, blocks, KernelLayout.THREADS, sharedBytes(streams), parameter);
  }

  /** Frees it; no lane may use it any more. */
  @Override
  public void close() {
    for (AutoCloseable part : kept) {
      try {
        part.close();
      } catch (Exception e) {
        LOG.error("a part of a model cannot be freed", e); // the others can
      }
    }
    kept.clear();
  }
}
