package folio.model.testing;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import ai.djl.ndarray.NDArray;
import com.tngtech.archunit.core.domain.JavaClass.Predicates;
import com.tngtech.archunit.lang.ArchRule;
import folio.model.network.HostCopy;

/** The architecture rules about arrays. */
public final class ArrayRules {
  /**
   * Only {@link HostCopy} reads the values of arrays, since DJL leaks a copy of an array on a GPU.
   */
  public static final ArchRule VALUES_ARE_READ_BY_HOST_COPY =
      noClasses()
          .that()
          .doNotBelongToAnyOf(HostCopy.class)
          .should()
          .callMethodWhere(
              target(owner(Predicates.assignableTo(NDArray.class)))
                  .and(
                      target(
                          nameMatching(
                              "to(\\w*Array|ByteBuffer)|get(Float|Double|Int|Long|Boolean)"))))
          .because("DJL attaches the host copy of a GPU array to the array's manager");

  private ArrayRules() {}
}
