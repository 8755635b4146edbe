package folio.benchmark;

import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code soak}. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description =
        "Puts a service under mixed load: streams in every form, clients that leave midway, bad"
            + " input, and, where it starts the service itself, a new checkpoint every few seconds."
            + " Ends with 1 if anything happened that must not.")
final class SoakCommand implements Callable<Integer> {
  private static final double SHORTEST_MINUTES = 0.01;
  private static final double LONGEST_MINUTES = 60 * 24 * 7;
  private static final int MAX_CLIENTS = 1024;
  private static final double SHORTEST_SWAP = 0.5;
  private static final double LONGEST_SWAP = 3600;

  /** Fewer places than clients, so that some wait and some are turned away. */
  private static final int CLIENTS_PER_SLOT = 2;

  private static final int CLIENTS_PER_PLACE_IN_QUEUE = 4;

  @Spec private CommandSpec spec;

  @Option(names = "--minutes", defaultValue = "10", description = "How long.")
  private double minutes;

  @Option(names = "--url", description = "A running service; without it, one is started.")
  private URI url;

  @Option(names = "--clients", defaultValue = "24", description = "Requests at a time.")
  private int clients;

  @Option(
      names = "--swap-seconds",
      defaultValue = "4",
      description = "Between two checkpoints, without --url.")
  private double swapSeconds;

  @Option(names = "--seed", defaultValue = "1", description = "Decides what clients do.")
  private long seed;

  @Mixin private MachineOptions machine;

  /** For picocli. */
  SoakCommand() {}

  @Override
  public Integer call() {
    machine.check("--minutes", minutes, SHORTEST_MINUTES, LONGEST_MINUTES);
    machine.check("--clients", clients, 1, MAX_CLIENTS);
    machine.check("--swap-seconds", swapSeconds, SHORTEST_SWAP, LONGEST_SWAP);
    Duration time = Duration.ofMillis((long) (minutes * 60_000));
    PrintWriter out = spec.commandLine().getOut();
    SoakTally tally = new SoakTally();
    if (url != null) {
      if (!"http".equals(url.getScheme()) || url.getHost() == null || url.getPort() < 0) {
        throw new ParameterException(
            spec.commandLine(), "--url is " + url + "; legal are http://HOST:PORT");
      }
      new SoakRun(clients(url, SoakModels.of(url), tally), tally, out).run(time, () -> "");
    } else {
      soakOwnService(time, tally, out);
    }
    tally.print(out);
    return tally.unexpectedCount() == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private void soakOwnService(Duration time, SoakTally tally, PrintWriter out) {
    machine.start();
    try (ExitScope scope = new ExitScope()) {
      TemporaryStore store = scope.add(new TemporaryStore());
      CheckpointChurn churn = new CheckpointChurn(store, seed);
      churn.turn();
      PackagedService service =
          scope.add(PackagedService.start(Installation.here(), settings(store)));
      service.awaitReady();
      SoakedService soaked =
          new SoakedService(service, churn, tally, Duration.ofMillis((long) (swapSeconds * 1000)));
      List<SoakClient> all = clients(service.uri(), SoakModels.of(churn), tally);
      new SoakRun(all, tally, out).run(time, soaked::look);
      soaked.end();
      out.println();
      out.println(soaked);
    }
  }

  private Map<String, String> settings(TemporaryStore store) {
    return Map.of(
        "FOLIO_CHECKPOINTS", store.root().toString(),
        "FOLIO_POLL_INTERVAL", "0.2S",
        "FOLIO_DEVICE", machine.device().spelling(),
        "FOLIO_THREADS", String.valueOf(machine.givenThreads()),
        "FOLIO_SLOTS", String.valueOf(Math.max(1, clients / CLIENTS_PER_SLOT)),
        "FOLIO_QUEUE_CAPACITY", String.valueOf(clients / CLIENTS_PER_PLACE_IN_QUEUE));
  }

  private List<SoakClient> clients(URI service, SoakModels models, SoakTally tally) {
    SplittableRandom random = new SplittableRandom(seed);
    return IntStream.range(0, clients)
        .mapToObj(i -> new SoakClient(service, models, tally, random.split()))
        .toList();
  }
}
