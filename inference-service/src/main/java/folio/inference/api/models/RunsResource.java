package folio.inference.api.models;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemException;
import folio.inference.api.problem.ProblemResponses;
import folio.model.run.RunEvents;
import folio.model.run.RunStore;
import folio.model.storage.RunStorage.StoredRun;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** {@code GET /runs}: the training runs that write their records into the store. */
@Path("/runs")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "models")
public final class RunsResource {
  /** The largest number of runs in an answer; each costs the read of a file when it changes. */
  private static final int MAX_RUNS = 20;

  private final RunStore store;

  /** The runs that were read last, so that a record is parsed once for each change. */
  private final Map<StoredRun, RunView> views = new ConcurrentHashMap<>();

  /** Creates a resource that lists the runs of a store. */
  RunsResource(RunStore store) {
    this.store = store;
  }

  /** Returns the runs that were written last, without those whose record is unreadable. */
  @GET
  @Blocking
  @Operation(
      operationId = "listRuns",
      summary = "List training runs",
      description =
          "Returns the 20 newest training runs whose trainer writes into the store"
              + " (`./folio train --live`), those that were written last first.")
  @APIResponse(responseCode = "200", description = "The runs.")
  @APIResponse(responseCode = "401", ref = ProblemResponses.UNAUTHORIZED)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_PROBLEM)
  public List<RunSummary> list() {
    List<StoredRun> stored = stored();
    views.keySet().retainAll(Set.copyOf(stored));
    return stored.stream().flatMap(run -> view(run).stream()).map(RunView::summary).toList();
  }

  /** Returns a run with its curves. */
  @GET
  @Path("/{run}")
  @Blocking
  @Operation(
      operationId = "getRun",
      summary = "Show a training run",
      description = "Returns a training run with its losses, speeds, samples and predictions.")
  @APIResponse(
      responseCode = "200",
      description = "The run.",
      content = @Content(schema = @Schema(implementation = RunView.class)))
  @APIResponse(responseCode = "401", ref = ProblemResponses.UNAUTHORIZED)
  @APIResponse(responseCode = "404", ref = ProblemResponses.UNKNOWN_RUN)
  @APIResponse(responseCode = "default", ref = ProblemResponses.ANY_PROBLEM)
  public RunView get(
      @Parameter(
              description = "The identifier of a run that GET /runs lists.",
              example = "2f1e9f0a-5d3b-4b62-8d5e-0c6f4c9f3f11")
          @PathParam("run")
          String run) {
    return stored().stream()
        .filter(each -> each.name().equals(run))
        .findFirst()
        .flatMap(this::view)
        .orElseThrow(() -> unknown(run));
  }

  private static ProblemException unknown(String run) {
    String value = Problem.shorten(run);
    return new ProblemException(
        Problem.of(
                Status.NOT_FOUND,
                "unknown_run",
                "run is " + value + "; it must be a run that GET /runs lists")
            .about("run", value, "a run that GET /runs lists"));
  }

  /** Returns the newest runs, or none if the store cannot be read. */
  private List<StoredRun> stored() {
    try {
      return store.newest(MAX_RUNS);
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Returns the view of a run, or empty if its record has just been deleted or is unreadable. */
  private Optional<RunView> view(StoredRun run) {
    RunView known = views.get(run);
    if (known != null) {
      return Optional.of(known);
    }
    try {
      Optional<RunEvents> events = store.read(run.name());
      Optional<RunView> view = events.map(all -> RunView.of(run.name(), run.modified(), all));
      view.ifPresent(made -> views.put(run, made));
      return view;
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
