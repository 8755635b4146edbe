package folio.inference;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import folio.model.testing.ArrayRules;
import folio.model.testing.CycleRules;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * The rules between the packages of the service. The root joins all of them; of api, only its rooms
 * openai and generate submit requests to the engine.
 */
class ArchitectureTest {
  private static final String ROOT = "folio.inference";

  /** Stands for the root package itself. */
  private static final String ROOT_ITSELF = "";

  /** The packages of the module, each with the packages that it may depend on. */
  private static final Map<String, List<String>> PACKAGES =
      Map.ofEntries(
          entry(ROOT_ITSELF, List.of("observability", "engine", "models", "fused", "generation")),
          entry(
              "api.openai",
              List.of("api.generate", "api.http", "api.problem", "generation", "models")),
          entry("api.generate", List.of("api.http", "api.problem", "engine", "generation")),
          entry("api.models", List.of("api.problem", "generation", "models")),
          entry("api.admin", List.of("api.problem", "engine")),
          entry("api.http", List.of("api.problem", "auth", "generation")),
          entry("api.problem", List.of("generation")),
          entry("auth", List.of()),
          entry("observability", List.of("auth", "engine", "generation", "models")),
          entry("engine", List.of("models", "generation", "decoding", "fused")),
          entry("models", List.of("decoding", "fused")),
          entry("doctor", List.of("models", "fused")),
          entry("decoding", List.of()),
          entry("fused", List.of()),
          entry("generation", List.of()));

  @SuppressWarnings("UnusedVariable") // the parameterized test names it
  private static final List<String> NAMES = List.copyOf(PACKAGES.keySet());

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  private static String fullName(String name) {
    return name.equals(ROOT_ITSELF) ? ROOT : ROOT + "." + name;
  }

  private static String[] fullNames(Stream<String> names) {
    return names.map(ArchitectureTest::fullName).toArray(String[]::new);
  }

  @Test
  void everyClassLiesInAListedPackage() {
    classes()
        .that()
        .doNotHaveSimpleName("package-info")
        .should()
        .resideInAnyPackage(fullNames(PACKAGES.keySet().stream()))
        .check(CLASSES);
  }

  @ParameterizedTest
  @FieldSource("NAMES")
  void packageDependsOnlyOnThePackagesListedForIt(String name) {
    Stream<String> allowed = Stream.concat(Stream.of(name), PACKAGES.get(name).stream());
    noClasses()
        .that()
        .resideInAPackage(fullName(name))
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + "..").and(not(resideInAnyPackage(fullNames(allowed)))))
        .check(CLASSES);
  }

  private static void assertOnlyPackagesBelow(List<String> names, String... libraries) {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            names.stream()
                .map(name -> name.equals(ROOT_ITSELF) ? ROOT : fullName(name) + "..")
                .toArray(String[]::new))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(libraries)
        .check(CLASSES);
  }

  @Test
  void onlyRootEngineModelsDecodingFusedAndDoctorDependOnDjl() {
    assertOnlyPackagesBelow(
        List.of(ROOT_ITSELF, "engine", "models", "decoding", "fused", "doctor"), "ai.djl..");
  }

  @Test
  void onlyRootApiAndObservabilityDependOnQuarkusJakartaMutinyAndVertx() {
    assertOnlyPackagesBelow(
        List.of(ROOT_ITSELF, "api", "observability"),
        "io.quarkus..",
        "jakarta..",
        "io.smallrye..",
        "io.vertx..",
        "org.eclipse.microprofile..");
  }

  @Test
  void onlyRootAndObservabilityDependOnMicrometer() {
    assertOnlyPackagesBelow(List.of(ROOT_ITSELF, "observability"), "io.micrometer..");
  }

  @Test
  void noClassDependsOnTheBenchmarkTheTrainerOrACommandLine() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("folio.benchmark..", "folio.trainer..", "picocli..")
        .check(CLASSES);
  }

  @Test
  void valuesOfArraysAreReadByHostCopy() {
    ArrayRules.VALUES_ARE_READ_BY_HOST_COPY.check(CLASSES);
  }

  @Test
  void packagesFormNoCycle() {
    slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void topLevelClassesWithTheirNestedClassesFormNoCycle() {
    CycleRules.CLASSES_ARE_FREE_OF_CYCLES.check(CLASSES);
  }
}
