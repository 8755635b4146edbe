package folio.inference.api.problem;

import java.io.Serial;

/** An exception that ends a request with a problem document. It has no stack trace. */
public final class ProblemException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final transient Problem problem;

  /** Creates an exception whose message is the problem's detail. */
  public ProblemException(Problem problem) {
    super(problem.detail(), null, false, false);
    this.problem = problem;
  }

  /** Returns the document that the client receives. */
  public Problem problem() {
    return problem;
  }
}
