package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.HasMetadata;

/// Namespace and name of a namespaced object.
public record ObjectName(String namespace, String name) implements Comparable<ObjectName> {
    static ObjectName of(HasMetadata object) {
        return new ObjectName(object.getMetadata().getNamespace(), object.getMetadata().getName());
    }

    @Override
    public int compareTo(ObjectName other) {
        int byNamespace = namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return namespace + "/" + name;
    }
}
