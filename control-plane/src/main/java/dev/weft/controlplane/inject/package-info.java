/// The mutating webhook: enter at [Injector], which answers an AdmissionReview.
///
/// [Injection] decides and is pure: pod in, [Decision] out. It works on the pod's JSON, so that
/// fields which this version of Weft has never heard of pass through untouched. What it adds is the
/// contract of `docs/injection-contract.md`, word for word.
@NullMarked
package dev.weft.controlplane.inject;

import org.jspecify.annotations.NullMarked;
