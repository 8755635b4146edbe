package folio.model.testing;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import ai.djl.ndarray.NDArray;
import com.tngtech.archunit.core.domain.JavaClass.Predicates;
import com.tngtech.archunit.lang.ArchRule;
import folio.model.network.HostCopy;

/** How arrays are used. */
public final class ArrayRules {
  /** Elsewhere, on a GPU, what is read stays in memory. */
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
          .because("DJL leaves the copy of an array of a GPU to the array's manager");

  private ArrayRules() {}
}
