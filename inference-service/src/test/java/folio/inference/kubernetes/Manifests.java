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

/** A strict reader of the Kubernetes manifests. */
final class Manifests {
  static final Pattern DOCUMENTS = Pattern.compile("(?m)^---$");
  private static final Pattern CUSTOM_RESOURCE =
      Pattern.compile("(?m)^apiVersion: monitoring\\.coreos");

  private Manifests() {}

  /** Returns the objects of a rendered overlay, without custom resources. */
  static List<Object> parse(String folder) {
    String known =
        DOCUMENTS
            .splitAsStream(Tools.render(folder))
            .filter(document -> !CUSTOM_RESOURCE.matcher(document).find())
            .collect(Collectors.joining("---\n"));
    return strictly(known);
  }

  /** Returns the objects of a text; an unknown field or a wrong type is an error. */
  static List<Object> strictly(String yaml) {
    try {
      return Yaml.loadAll(yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns the objects of a type. */
  static <T> List<T> all(List<Object> objects, Class<T> type) {
    return objects.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** Returns the only object of a type. */
  static <T> T only(List<Object> objects, Class<T> type) {
    List<T> found = all(objects, type);
    assertThat(found).as(type.getSimpleName()).hasSize(1);
    return found.get(0);
  }

  /** Returns the pod templates of all deployments, jobs and cron jobs. */
  static List<V1PodTemplateSpec> pods(List<Object> objects) {
    return Stream.of(
            all(objects, V1Deployment.class).stream().map(each -> each.getSpec().getTemplate()),
            all(objects, V1Job.class).stream().map(each -> each.getSpec().getTemplate()),
            all(objects, V1CronJob.class).stream()
                .map(each -> each.getSpec().getJobTemplate().getSpec().getTemplate()))
        .flatMap(each -> each)
        .toList();
  }

  /** Returns the objects of the overlay kind with a component. */
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

  /** Returns the only container of a pod. */
  static V1Container container(V1PodSpec pod) {
    assertThat(pod.getContainers()).hasSize(1);
    return pod.getContainers().get(0);
  }

  /** Returns the names of the persistent volume claims that a pod mounts. */
  static List<String> claims(V1PodSpec pod) {
    return pod.getVolumes().stream()
        .map(V1Volume::getPersistentVolumeClaim)
        .filter(claim -> claim != null)
        .map(claim -> claim.getClaimName())
        .toList();
  }

  /** Returns the config map that holds the service's settings. */
  static V1ConfigMap settings(List<Object> objects) {
    return all(objects, V1ConfigMap.class).stream()
        .filter(map -> map.getMetadata().getName().equals("folio-inference"))
        .findFirst()
        .orElseThrow();
  }
}
