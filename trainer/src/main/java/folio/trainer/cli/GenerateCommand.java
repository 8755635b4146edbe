package folio.trainer.cli;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.network.CharGru;
import folio.trainer.batch.AnswersFile;
import folio.trainer.batch.Batch;
import folio.trainer.batch.BatchProgress;
import folio.trainer.batch.BatchRequest;
import folio.trainer.batch.LocalHandler;
import folio.trainer.batch.RequestHandler;
import folio.trainer.batch.RequestsFile;
import folio.trainer.batch.ServiceHandler;
import folio.trainer.evaluation.TrainedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code generate}: generates a text for each request of a file. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description = {
      "Generates a text for each request of a file, with a service or with a checkpoint in this"
          + " process.",
      "Each line of --requests is a body of POST /generate. --output has a line for each request, in"
          + " the same order: its index, and the response or the error. The same command again"
          + " continues a batch that was stopped."
    },
    footer = {
      "",
      "FOLIO_API_KEY is the key for a service that needs one. The exit code is 1 if a request failed.",
      "Example: ./folio generate --requests prompts.jsonl --output texts.jsonl --url"
          + " http://127.0.0.1:8080"
    })
final class GenerateCommand implements Callable<Integer> {
  private static final int MAX_PARALLEL = 1024;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "VERSION",
      arity = "0..1",
      showDefaultValue = CommandLine.Help.Visibility.NEVER,
      description =
          "Without --url, the checkpoint: a version, current (the one that CURRENT names; the default)"
              + " or embedded (the one in the jar).")
  private String version;

  @Option(
      names = "--requests",
      paramLabel = "FILE",
      required = true,
      description = "The file of requests, one JSON object a line.")
  private Path requestsFile;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      required = true,
      description = "The file of answers, one JSON object a line.")
  private Path output;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "The address of a service (default: generate in this process).")
  private String url;

  @Option(
      names = "--parallel",
      paramLabel = "N",
      defaultValue = "16",
      description = "With --url, the number of simultaneous requests, 1 to 1024.")
  private int parallel;

  @Mixin private StoreOptions checkpoints;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() throws InterruptedException {
    new Range("--parallel", 1, MAX_PARALLEL).check(parallel, spec);
    if (url != null && version != null) {
      throw new ParameterException(
          spec.commandLine(),
          "a version and --url exclude each other; name the version as model in each request");
    }
    if (output.toAbsolutePath().normalize().equals(requestsFile.toAbsolutePath().normalize())) {
      throw new ParameterException(
          spec.commandLine(), "--output is --requests; it must be another file");
    }
    List<BatchRequest> requests = RequestsFile.read(requestsFile);
    return url == null ? locally(requests) : withService(requests);
  }

  private int withService(List<BatchRequest> requests) throws InterruptedException {
    ServiceHandler service = new ServiceHandler(url, System.getenv("FOLIO_API_KEY"));
    try (AnswersFile answers = AnswersFile.open(output, requests)) {
      return run(requests, service, parallel, answers);
    }
  }

  private int locally(List<BatchRequest> requests) throws InterruptedException {
    Checkpoint checkpoint = checkpoints.open(version == null ? "current" : version);
    LocalHandler.check(requests, checkpoint.version());
    try (AnswersFile answers = AnswersFile.open(output, requests);
        NDManager manager = NDManager.newBaseManager(device.start());
        CharGru network = checkpoint.load(manager)) {
      TrainedModel model = TrainedModel.of(manager, network, checkpoint.description());
      RequestHandler handler = new LocalHandler(model, checkpoint.version());
      return run(requests, handler, 1, answers);
    }
  }

  private int run(
      List<BatchRequest> requests, RequestHandler handler, int threads, AnswersFile answers)
      throws InterruptedException {
    try (BatchProgress progress = progress(answers.answered(), requests.size())) {
      new Batch(requests, handler, threads).run(answers, progress);
      int failed = answers.failed();
      progress.line(
          String.format("%s: %,d answered, %,d failed", output, requests.size() - failed, failed));
      return failed == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }
  }

  private static BatchProgress progress(int before, int total) {
    return new BatchProgress(System.out, CommandLine.Help.Ansi.AUTO.enabled(), before, total);
  }
}
