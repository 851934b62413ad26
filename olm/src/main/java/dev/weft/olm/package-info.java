/// Writes the OLM bundle (`bundle/`) and the file-based catalog (`olm/catalog/`) from the install
/// manifests in `src/main/kubernetes/`: enter at [BundleMain]. [Manifests] reads, [Csv] and
/// [Catalog] are pure, [Tree] compares or writes.
@NullMarked
package dev.weft.olm;

import org.jspecify.annotations.NullMarked;
