/// Who is calling: a mesh certificate or a bearer token becomes a [PodIdentity].
@NullMarked
package dev.weft.controlplane.auth;

import org.jspecify.annotations.NullMarked;
