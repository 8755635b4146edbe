package folio.inference.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoded;
import folio.inference.decoding.Decoder;
import folio.inference.onchip.Chip;
import folio.inference.onchip.ChipDecoder;
import folio.model.network.CharGru;
import folio.model.network.HostCopy;
import folio.model.sampling.Sampler;
import folio.model.sampling.SeededRandom;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Keeps a chip's contract on the host: what the engine makes of it can be tested anywhere. */
final class HostChip implements Chip {
  private final Decoder decoder;
  private final int places;
  private final AtomicInteger characters;
  private final AtomicBoolean failing;

  private HostChip(
      NDManager manager,
      CharGru network,
      int places,
      AtomicInteger characters,
      AtomicBoolean failing) {
    this.decoder = new Decoder(manager, network);
    this.places = places;
    this.characters = characters;
    this.failing = failing;
  }

  /**
   * Makes such chips.
   *
   * @param places of each
   * @param characters counts what they write
   * @param failing whether launches fail
   */
  static Maker maker(int places, AtomicInteger characters, AtomicBoolean failing) {
    return (manager, network, streams) ->
        Optional.of(new HostChip(manager, network, places, characters, failing));
  }

  @Override
  public int places() {
    return places;
  }

  @Override
  public Optional<ChipDecoder> decoder() {
    return Optional.of(new Streams());
  }

  @Override
  public void close() {
    decoder.close();
  }

  private final class Streams implements ChipDecoder {
    private final Sampler sampler = new Sampler(decoder.config().vocabularySize());
    private final List<float[]> states = new ArrayList<>();
    private final List<BitSet> seen = new ArrayList<>();
    private int[][] underWay;

    @Override
    public boolean hasRoom() {
      return states.size() < places;
    }

    @Override
    public void join(NDArray state, BitSet ids) {
      states.add(HostCopy.floats(state));
      seen.add((BitSet) ids.clone());
    }

    @Override
    public void warm() {
      // the host is
    }

    @Override
    public void leave(int place) {
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
    public void launch(List<Order> all, int most) {
      if (all.size() != states.size() || all.stream().anyMatch(order -> order.length() > most)) {
        throw new IllegalArgumentException(all + " for " + states.size() + ", " + most);
      }
      underWay = new int[all.size()][];
      for (int place = 0; place < underWay.length; place++) {
        underWay[place] = write(place, all.get(place));
        characters.addAndGet(underWay[place].length);
      }
    }

    @Override
    public int[][] finish() {
      if (failing.get()) {
        throw new IllegalStateException("the chip is broken");
      }
      return underWay;
    }

    private int[] write(int place, Order order) {
      int[] ids = new int[order.length()];
      int last = order.lastId();
      DecodeState state = decoder.restore(states.get(place));
      for (int k = 0; k < ids.length; k++) {
        DecodeState before = state;
        try (Decoded decoded = decoder.step(new long[] {last}, before)) {
          double uniform = SeededRandom.uniform(order.seed(), order.position() + k);
          last = sampler.sample(decoded.logits(), 0, seen.get(place), order.sampling(), uniform);
          state = decoded.state();
        }
        before.close();
        seen.get(place).set(last);
        ids[k] = last;
      }
      states.set(place, decoder.keep(state, 0));
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
