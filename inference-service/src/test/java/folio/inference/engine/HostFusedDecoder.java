package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.StepOutput;
import folio.inference.fused.FusedDecoder;
import folio.inference.fused.FusedDecoderFactory;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.HostCopy;
import folio.model.sampling.Sampler;
import folio.model.sampling.SeededRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** Keeps a chip's contract on the host: what the engine makes of it can be tested anywhere. */
final class HostFusedDecoder implements FusedDecoderFactory {
  /** A machine for such chips, and what is known of it. */
  static final class Machine {
    /** Characters that were written. */
    int characters;

    /** Steps of each launch. */
    final List<Integer> launches = new ArrayList<>();

    /** Whether a launch is under way. */
    boolean busy;

    /** Whether launches fail. */
    boolean failing;

    /** How many streams can join before one cannot. */
    int joins = Integer.MAX_VALUE;

    /** How many lanes get a decoder before one does not. */
    int decoders = Integer.MAX_VALUE;

    /** Happens while the next launch is waited for. */
    Runnable meanwhile = () -> {};

    int lastLaunch() {
      return launches.get(launches.size() - 1);
    }

    /**
     * Makes chips of it.
     *
     * @param places of each
     */
    Loader maker(int places) {
      return (manager, network, streams) ->
          Optional.of(new HostFusedDecoder(this, manager, network, places));
    }
  }

  /** What a step takes, as it says. */
  static final long NANOS_A_STEP = 20_000;

  private final Machine machine;
  private final Decoder decoder;
  private final int places;

  private HostFusedDecoder(Machine machine, NDManager manager, CharGru network, int places) {
    this.machine = machine;
    this.decoder = new Decoder(manager, network);
    this.places = places;
  }

  @Override
  public int slots() {
    return places;
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
    private final Sampler sampler = new Sampler(decoder.config().vocabularySize());
    private final List<float[]> states = new ArrayList<>();
    private final List<BitSet> seen = new ArrayList<>();
    private LaunchResult inFlight;

    @Override
    public int freeSlots() {
      return places - states.size();
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
      // the host is
    }

    @Override
    public void remove(int place) {
      int last = states.size() - 1;
      states.set(place, states.get(last));
      seen.set(place, seen.get(last));
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
      for (int place = 0; place < ids.length; place++) {
        ids[place] = write(place, all.get(place));
        machine.characters += ids[place].length;
      }
      inFlight = new LaunchResult(ids, most * NANOS_A_STEP);
      machine.launches.add(most);
      machine.busy = true;
    }

    @Override
    public LaunchResult finish() {
      if (machine.failing) {
        throw new IllegalStateException("the chip is broken");
      }
      if (!machine.busy) {
        throw new IllegalStateException("nothing was launched");
      }
      machine.busy = false;
      machine.meanwhile.run();
      return inFlight;
    }

    private int[] write(int place, StepPlan plan) {
      int[] ids = new int[plan.length()];
      int last = plan.lastId();
      DecodeState state = decoder.restore(states.get(place));
      for (int k = 0; k < ids.length; k++) {
        DecodeState before = state;
        try (StepOutput decoded = decoder.step(new long[] {last}, before)) {
          int forced = plan.forced().length;
          double uniform = SeededRandom.uniform(plan.seed(), plan.position() + k - forced);
          last =
              k < forced
                  ? plan.forced()[k]
                  : sampler.sample(decoded.logits(), 0, seen.get(place), plan.sampling(), uniform);
          state = decoded.state();
        }
        before.close();
        seen.get(place).set(last);
        ids[k] = last;
      }
      states.set(place, decoder.readState(state, 0));
      state.close();
      return ids;
    }

    @Override
    public float[] state(int place) {
      return states.get(place);
    }

    @Override
    public void close() {
      clear();
    }
  }
}
