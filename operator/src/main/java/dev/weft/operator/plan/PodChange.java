package dev.weft.operator.plan;

import dev.weft.operator.observe.MeshedPod;

/// A change of a running meshed pod.
public sealed interface PodChange {
    MeshedPod pod();

    /// The pod's proxy shall keep its stream to another revision: an annotation.
    record Move(MeshedPod pod, String revision) implements PodChange {}

    /// The pod's spare container shall run this image, and take over: the kubelet restarts that
    /// container alone, and only where it had another image.
    record Replace(MeshedPod pod, String image) implements PodChange {}
}
