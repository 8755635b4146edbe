package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.StepOutput;
import folio.inference.fused.FusedDecoder;
import folio.inference.fused.FusedDecoderFactory;
import folio.model.network.CharGruConfig;
import folio.model.network.HostCopy;
import folio.model.sampling.Sampler;
import folio.model.sampling.SeededRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** A fused decoder on the host, so that the engine's use of one can be tested without a GPU. */
final class HostFusedDecoder implements FusedDecoderFactory {
  /** The simulated device of such decoders, and counters of what it did. */
  static final class Machine {
    /** The number of tokens that it wrote. */
    int characters;

    /** The number of steps of each launch. */
    final List<Integer> launches = new ArrayList<>();

    /** True while a launch is in flight. */
    boolean busy;

    /** True if every launch must fail. */
    boolean failing;

    /** The number of sequences that can join before one fails to. */
    int joins = Integer.MAX_VALUE;

    /** The number of workers that get a decoder before one gets none. */
    int decoders = Integer.MAX_VALUE;

    /** Runs while the engine waits for the next launch. */
    Runnable meanwhile = () -> {};

    int lastLaunch() {
      return launches.get(launches.size() - 1);
    }

    /**
     * Returns a loader whose decoders run on this device.
     *
     * @param slots of each decoder
     */
    Loader loader(int slots) {
      return (manager, network, characters, streams) ->
          Optional.of(new HostFusedDecoder(this, new Decoder(manager, network), characters, slots));
    }
  }

  /** The time of a step that it reports. */
  static final long NANOS_A_STEP = 20_000;

  private final Machine machine;
  private final Decoder decoder;
  private final int characters;
  private final int slots;

  private HostFusedDecoder(Machine machine, Decoder decoder, int characters, int slots) {
    this.machine = machine;
    this.decoder = decoder;
    this.characters = characters;
    this.slots = slots;
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public Optional<FusedDecoder> createDecoder() {
    return machine.decoders-- > 0 ? Optional.of(new Streams()) : Optional.empty();
  }

  @Override
  public void close() {
    decoder.close();
  }

  private final class Streams implements FusedDecoder {
    private final Sampler sampler = new Sampler(characters);
    private final List<float[]> states = new ArrayList<>();
    private final List<BitSet> seen = new ArrayList<>();
    private LaunchResult inFlight;

    @Override
    public int freeSlots() {
      return slots - states.size();
    }

    @Override
    public void join(BitSet ids) {
      CharGruConfig config = decoder.config();
      add(new float[config.layers() * config.hiddenSize()], ids);
    }

    @Override
    public void join(NDArray state, BitSet ids) {
      add(HostCopy.floats(state), ids);
    }

    private void add(float[] state, BitSet ids) {
      if (machine.joins-- <= 0) {
        throw new IllegalStateException("no stream can join");
      }
      states.add(state);
      seen.add((BitSet) ids.clone());
    }

    @Override
    public void warm() {
      // the host needs no warm-up
    }

    @Override
    public void remove(int slot) {
      int last = states.size() - 1;
      states.set(slot, states.get(last));
      seen.set(slot, seen.get(last));
      states.remove(last);
      seen.remove(last);
    }

    @Override
    public void clear() {
      states.clear();
      seen.clear();
    }

    @Override
    public void launch(List<StepPlan> all, int most) {
      if (all.size() != states.size() || all.stream().anyMatch(plan -> plan.length() > most)) {
        throw new IllegalArgumentException(all + " for " + states.size() + ", " + most);
      }
      int[][] ids = new int[all.size()][];
      float[][] logits = new float[all.size()][];
      for (int slot = 0; slot < ids.length; slot++) {
        StepPlan plan = all.get(slot);
        if (plan.logits()) {
          logits[slot] = new float[plan.length() * decoder.config().vocabularySize()];
        }
        ids[slot] = write(slot, plan, logits[slot]);
        machine.characters += ids[slot].length;
      }
      inFlight = new LaunchResult(ids, logits, most * NANOS_A_STEP);
      machine.launches.add(most);
      machine.busy = true;
    }

    @Override
    public LaunchResult finish() {
      if (machine.failing) {
        throw new IllegalStateException("the device is broken");
      }
      if (!machine.busy) {
        throw new IllegalStateException("nothing was launched");
      }
      machine.busy = false;
      machine.meanwhile.run();
      return inFlight;
    }

    private int[] write(int slot, StepPlan plan, float[] logits) {
      int[] ids = new int[plan.length()];
      int last = plan.lastId();
      DecodeState state = decoder.restore(states.get(slot));
      for (int k = 0; k < ids.length; k++) {
        DecodeState before = state;
        try (StepOutput decoded = decoder.step(new long[] {last}, before)) {
          int forced = plan.forced().length;
          if (logits != null) {
            int size = decoder.config().vocabularySize();
            System.arraycopy(decoded.logits(), 0, logits, k * size, size);
          }
          double uniform = SeededRandom.uniform(plan.seed(), plan.position() + k - forced);
          last =
              k < forced
                  ? plan.forced()[k]
                  : sampler.sample(decoded.logits(), 0, seen.get(slot), plan.sampling(), uniform);
          state = decoded.state();
        }
        before.close();
        seen.get(slot).set(last);
        ids[k] = last;
      }
      states.set(slot, decoder.readState(state, 0));
      state.close();
      return ids;
    }

    @Override
    public float[] state(int slot) {
      return states.get(slot);
    }

    @Override
    public void close() {
      clear();
    }
  }
}
