package folio.inference.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1CronJob;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1PodTemplateSpec;
import io.kubernetes.client.openapi.models.V1Volume;
import io.kubernetes.client.util.Yaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Objects of the manifests, read strictly. */
final class Manifests {
  static final Pattern DOCUMENTS = Pattern.compile("(?m)^---$");
  private static final Pattern CUSTOM = Pattern.compile("(?m)^apiVersion: monitoring\\.coreos");

  private Manifests() {}

  /** What of an overlay Kubernetes itself knows. */
  static List<Object> parse(String folder) {
    String known =
        DOCUMENTS
            .splitAsStream(Tools.render(folder))
            .filter(document -> !CUSTOM.matcher(document).find())
            .collect(Collectors.joining("---\n"));
    return strictly(known);
  }

  /** All objects; an unknown field or a wrong type fails. */
  static List<Object> strictly(String yaml) {
    try {
      return Yaml.loadAll(yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Those of a type. */
  static <T> List<T> all(List<Object> objects, Class<T> type) {
    return objects.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** The only one of a type. */
  static <T> T only(List<Object> objects, Class<T> type) {
    List<T> found = all(objects, type);
    assertThat(found).as(type.getSimpleName()).hasSize(1);
    return found.get(0);
  }

  /** What pods are made from. */
  static List<V1PodTemplateSpec> pods(List<Object> objects) {
    return Stream.of(
            all(objects, V1Deployment.class).stream().map(each -> each.getSpec().getTemplate()),
            all(objects, V1Job.class).stream().map(each -> each.getSpec().getTemplate()),
            all(objects, V1CronJob.class).stream()
                .map(each -> each.getSpec().getJobTemplate().getSpec().getTemplate()))
        .flatMap(each -> each)
        .toList();
  }

  /** A small overlay with a component. */
  static List<Object> with(String component) throws IOException {
    Path overlay = Files.createDirectories(Path.of("target", "with-" + component));
    Files.writeString(
        overlay.resolve("kustomization.yaml"),
        """
        apiVersion: kustomize.config.k8s.io/v1beta1
        kind: Kustomization
        resources: [../../../k8s/overlays/kind]
        components: [../../../k8s/components/%s]
        """
            .formatted(component));
    return parse(overlay.toAbsolutePath().toString());
  }

  /** The only one of a pod. */
  static V1Container container(V1PodSpec pod) {
    assertThat(pod.getContainers()).hasSize(1);
    return pod.getContainers().get(0);
  }

  /** Names of the volumes that it claims. */
  static List<String> claims(V1PodSpec pod) {
    return pod.getVolumes().stream()
        .map(V1Volume::getPersistentVolumeClaim)
        .filter(claim -> claim != null)
        .map(claim -> claim.getClaimName())
        .toList();
  }

  /** The service's. */
  static V1ConfigMap settings(List<Object> objects) {
    return all(objects, V1ConfigMap.class).stream()
        .filter(map -> map.getMetadata().getName().equals("folio-inference"))
        .findFirst()
        .orElseThrow();
  }
}
