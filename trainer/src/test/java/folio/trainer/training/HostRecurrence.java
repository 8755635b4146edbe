package folio.trainer.training;

import com.sun.jna.Pointer;
import folio.runtime.cuda.FakeDriver;

/**
 * The kernels of {@code gru.cu} on the host, in bfloat16, written from the equations. The offsets
 * are those of {@code struct Pass}.
 */
final class HostRecurrence implements FakeDriver.Kernel {
  static final int PARAMETER_BYTES = 80;

  private static final int GATES = 0;
  private static final int HIDDEN_N = 8;
  private static final int STATES = 16;
  private static final int WEIGHTS = 24;
  private static final int BIASES = 32;
  private static final int INITIAL = 40;
  private static final int LAST = 48;
  private static final int DY = 56;
  private static final int CONTINUES = 64;
  private static final int ROWS = 72;
  private static final int STEPS = 76;

  private final int hidden;

  HostRecurrence(int hidden) {
    this.hidden = hidden;
  }

  @Override
  public void run(FakeDriver.Launch launch) {
    for (int row = 0; row < launch.number(ROWS); row++) {
      if (launch.function().equals("forward")) {
        forward(launch, row);
      } else {
        backward(launch, row);
      }
    }
  }

  private void forward(FakeDriver.Launch launch, int row) {
    int rows = launch.number(ROWS);
    Pointer gates = launch.memory(GATES);
    Pointer biases = launch.memory(BIASES);
    float[] state = new float[hidden];
    for (int u = 0; u < hidden; u++) {
      state[u] = launch.memory(INITIAL).getFloat(4L * (row * hidden + u));
      set(launch.memory(STATES), row * hidden + u, state[u]);
    }
    for (int t = 0; t < launch.number(STEPS); t++) {
      float[] before = new float[hidden];
      for (int u = 0; u < hidden; u++) {
        before[u] = state[u] * continues(launch, t, row);
      }
      for (int u = 0; u < hidden; u++) {
        float[] sums = new float[3];
        for (int gate = 0; gate < 3; gate++) {
          int weightRow = gate * hidden + u;
          sums[gate] = biases.getFloat(4L * (3 * hidden + weightRow));
          for (int k = 0; k < hidden; k++) {
            sums[gate] += get(launch.memory(WEIGHTS), weightRow * hidden + k) * rounded(before[k]);
          }
        }
        int at = (t * rows + row) * 3 * hidden + u;
        float r = sigmoid(get(gates, at) + biases.getFloat(4L * u) + sums[0]);
        float z = sigmoid(get(gates, at + hidden) + biases.getFloat(4L * (hidden + u)) + sums[1]);
        float n =
            (float)
                Math.tanh(
                    get(gates, at + 2 * hidden)
                        + biases.getFloat(4L * (2 * hidden + u))
                        + r * sums[2]);
        state[u] = (1 - z) * n + z * before[u];
        set(gates, at, r);
        set(gates, at + hidden, z);
        set(gates, at + 2 * hidden, n);
        set(launch.memory(HIDDEN_N), (t * rows + row) * hidden + u, sums[2]);
        set(launch.memory(STATES), ((t + 1) * rows + row) * hidden + u, state[u]);
      }
    }
    for (int u = 0; u < hidden; u++) {
      launch.memory(LAST).setFloat(4L * (row * hidden + u), state[u]);
    }
  }

  private void backward(FakeDriver.Launch launch, int row) {
    int rows = launch.number(ROWS);
    Pointer gates = launch.memory(GATES);
    float[] dh = new float[hidden];
    for (int t = launch.number(STEPS) - 1; t >= 0; t--) {
      float[] before = new float[hidden];
      float[] dgh = new float[3 * hidden];
      for (int u = 0; u < hidden; u++) {
        int at = (t * rows + row) * 3 * hidden + u;
        int single = (t * rows + row) * hidden + u;
        float r = get(gates, at);
        float z = get(gates, at + hidden);
        float n = get(gates, at + 2 * hidden);
        float h = get(launch.memory(STATES), single) * continues(launch, t, row);
        float d = get(launch.memory(DY), single) + dh[u];
        float dan = d * (1 - z) * (1 - n * n);
        float dar = dan * get(launch.memory(HIDDEN_N), single) * r * (1 - r);
        set(gates, at, dar);
        set(gates, at + hidden, d * (h - n) * z * (1 - z));
        set(gates, at + 2 * hidden, dan);
        set(launch.memory(HIDDEN_N), single, dan * r);
        dgh[u] = get(gates, at);
        dgh[hidden + u] = get(gates, at + hidden);
        dgh[2 * hidden + u] = get(launch.memory(HIDDEN_N), single);
        before[u] = d * z;
      }
      for (int u = 0; u < hidden; u++) {
        for (int k = 0; k < 3 * hidden; k++) {
          before[u] += get(launch.memory(WEIGHTS), u * 3 * hidden + k) * dgh[k];
        }
        dh[u] = before[u] * continues(launch, t, row);
      }
    }
  }

  private static float continues(FakeDriver.Launch launch, int t, int row) {
    Pointer flags = launch.memory(CONTINUES);
    return Pointer.nativeValue(flags) == 0
        ? 1
        : flags.getFloat(4L * (t * launch.number(ROWS) + row));
  }

  private static float sigmoid(float x) {
    return (float) (1 / (1 + Math.exp(-x)));
  }

  private static float get(Pointer array, int index) {
    return Float.intBitsToFloat((array.getShort(2L * index) & 0xffff) << 16);
  }

  private static void set(Pointer array, int index, float value) {
    array.setShort(2L * index, (short) (Float.floatToIntBits(rounded(value)) >>> 16));
  }

  /** Rounds to the nearest bfloat16, and to the even one if two are equally near. */
  private static float rounded(float value) {
    int bits = Float.floatToIntBits(value);
    return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
  }
}
