package folio.benchmark.cli;

import folio.benchmark.hostile.HostileSoak;
import folio.benchmark.process.ShutdownScope;
import folio.benchmark.soak.CheckpointPublisher;
import folio.benchmark.soak.KnownModels;
import folio.benchmark.soak.ServiceUnderSoak;
import folio.benchmark.soak.SoakClient;
import folio.benchmark.soak.SoakRun;
import folio.benchmark.soak.SoakStatistics;
import folio.benchmark.subject.Installation;
import folio.benchmark.subject.PackagedService;
import folio.benchmark.subject.TemporaryStore;
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

/** The command {@code soak}. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description =
        "Puts a service under mixed load: streams in every media type, clients that disconnect"
            + " midway, invalid requests and, unless --url is set, a new checkpoint every few"
            + " seconds. The exit code is 1 if anything unexpected happened.",
    footer = {"", "Example: ./folio soak --minutes 1 --clients 8"})
final class SoakCommand implements Callable<Integer> {
  private static final double MIN_MINUTES = 0.01;
  private static final double MAX_MINUTES = 60 * 24 * 7;
  private static final int MAX_CLIENTS = 1024;
  private static final double MIN_SWAP_SECONDS = 0.5;
  private static final double MAX_SWAP_SECONDS = 3600;
  private static final int MIN_HEAP_MIB = 64;
  private static final int MAX_HEAP_MIB = 65_536;

  /** The service has fewer slots than clients, so that some requests wait and some are rejected. */
  private static final int CLIENTS_PER_SLOT = 2;

  private static final int CLIENTS_PER_QUEUED_REQUEST = 4;

  @Spec private CommandSpec spec;

  @Option(
      names = "--minutes",
      paramLabel = "MINUTES",
      defaultValue = "10",
      description = "The duration of the load, 0.01 to 10080 minutes.")
  private double minutes;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description =
          "A running service, as http://HOST:PORT (default: the command starts a service).")
  private URI url;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "24",
      description = "The number of clients, 1 to 1024; each sends one request at a time.")
  private int clients;

  @Option(
      names = "--swap-seconds",
      paramLabel = "SECONDS",
      defaultValue = "4",
      description = "The time between two new checkpoints, 0.5 to 3600 s; not with --url.")
  private double swapSeconds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "The seed of the clients' requests and of the checkpoints, a whole number of 64 bits.")
  private long seed;

  @Option(
      names = "--hostile",
      description =
          "Attack the service instead, one kind of attack after the other, and measure an honest"
              + " client beside each; the service has --heap-mib of heap. --clients, --seed,"
              + " --swap-seconds and --url have no effect.")
  private boolean hostile;

  @Option(
      names = "--heap-mib",
      paramLabel = "MIB",
      defaultValue = "307",
      description = "With --hostile: the heap of the service, 64 to 65536 MiB.")
  private int heapMib;

  @Mixin private MachineOptions machine;

  /** Creates the command; picocli calls it. */
  SoakCommand() {}

  @Override
  public Integer call() {
    machine.check("--minutes", minutes, MIN_MINUTES, MAX_MINUTES);
    machine.check("--clients", clients, 1, MAX_CLIENTS);
    machine.check("--swap-seconds", swapSeconds, MIN_SWAP_SECONDS, MAX_SWAP_SECONDS);
    Duration time = Duration.ofMillis((long) (minutes * 60_000));
    PrintWriter out = spec.commandLine().getOut();
    if (hostile) {
      machine.check("--heap-mib", heapMib, MIN_HEAP_MIB, MAX_HEAP_MIB);
      return attackOwnService(time, out);
    }
    SoakStatistics statistics = new SoakStatistics();
    if (url != null) {
      soakRunningService(time, statistics, out);
    } else {
      soakOwnService(time, statistics, out);
    }
    statistics.print(out);
    return statistics.unexpectedCount() == 0
        ? CommandLine.ExitCode.OK
        : CommandLine.ExitCode.SOFTWARE;
  }

  private int attackOwnService(Duration time, PrintWriter out) {
    machine.start();
    try (ShutdownScope scope = new ShutdownScope()) {
      TemporaryStore store = scope.add(new TemporaryStore());
      Map<String, String> settings =
          Map.of(
              "FOLIO_CHECKPOINTS", store.root().toString(),
              "FOLIO_DEVICE", machine.settings().device().spelling(),
              "FOLIO_THREADS", String.valueOf(machine.settings().threads()),
              "JAVA_TOOL_OPTIONS", "-Xmx" + heapMib + "m");
      PackagedService service = scope.add(PackagedService.start(Installation.here(), settings));
      service.awaitReady();
      List<String> faults = new HostileSoak(service, out).run(time);
      out.println();
      faults.forEach(fault -> out.println("UNEXPECTED: " + fault));
      out.printf(
          "%,.0f evictions from the memory of clients, %s%n",
          service.metric("folio_client_memory_evictions_total "),
          faults.isEmpty() ? "0 restarts, every honest stream whole" : faults.size() + " faults");
      return faults.isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }
  }

  private void soakRunningService(Duration time, SoakStatistics statistics, PrintWriter out) {
    if (!"http".equals(url.getScheme()) || url.getHost() == null || url.getPort() < 0) {
      throw new ParameterException(
          spec.commandLine(), "--url is " + url + "; it must be http://HOST:PORT");
    }
    List<SoakClient> all = clients(url, KnownModels.of(url), statistics);
    new SoakRun(all, statistics, out).run(time, () -> "");
  }

  private void soakOwnService(Duration time, SoakStatistics statistics, PrintWriter out) {
    machine.start();
    try (ShutdownScope scope = new ShutdownScope()) {
      TemporaryStore store = scope.add(new TemporaryStore());
      CheckpointPublisher publisher = new CheckpointPublisher(store, seed);
      publisher.publishNext();
      PackagedService service =
          scope.add(PackagedService.start(Installation.here(), serviceSettings(store)));
      service.awaitReady();
      Duration swapInterval = Duration.ofMillis((long) (swapSeconds * 1000));
      ServiceUnderSoak soaked = new ServiceUnderSoak(service, publisher, statistics, swapInterval);
      List<SoakClient> all = clients(service.uri(), KnownModels.of(publisher), statistics);
      new SoakRun(all, statistics, out).run(time, soaked::poll);
      soaked.finish();
      out.println();
      out.println(soaked);
    }
  }

  private Map<String, String> serviceSettings(TemporaryStore store) {
    return Map.of(
        "FOLIO_CHECKPOINTS", store.root().toString(),
        "FOLIO_POLL_INTERVAL", "0.2S",
        "FOLIO_DEVICE", machine.settings().device().spelling(),
        "FOLIO_THREADS", String.valueOf(machine.settings().threads()),
        "FOLIO_SLOTS", String.valueOf(Math.max(1, clients / CLIENTS_PER_SLOT)),
        "FOLIO_QUEUE_CAPACITY", String.valueOf(clients / CLIENTS_PER_QUEUED_REQUEST));
  }

  private List<SoakClient> clients(URI service, KnownModels models, SoakStatistics statistics) {
    SplittableRandom random = new SplittableRandom(seed);
    return IntStream.range(0, clients)
        .mapToObj(i -> new SoakClient(service, models, statistics, random.split()))
        .toList();
  }
}
