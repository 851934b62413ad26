#!/usr/bin/env bash
# usage: node.sh FOLDER BIN CGROUP
# A whole Kubernetes node: the first process of namespaces that supervise.sh has made. Its standard output has one line
# for each thing that is done; FOLDER/ready appears at the end. It ends when one of its parts does.
set -euo pipefail
folder=$1 bin=$2 cgroup=$3
node=10.240.0.1 pki=$folder/pki log=$folder/log
fail() { echo "failed: $1"; tail -n 15 "$log/${2:-none}.log" 2>/dev/null; exit 1; }
await() { # what, log, command...
  local what=$1 of=$2 tries=0; shift 2
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1)); [ "$tries" -lt 600 ] || fail "$what did not come within two minutes" "$of"
    sleep .2
  done
}
run() { # name, command...
  local name=$1; shift
  (exec "$@" >"$log/$name.log" 2>&1) &
  echo "$!" >"$folder/pids/$name"
}

# Files that parts write at fixed places land in the node's own folder.
export PATH=$bin:$PATH TMPDIR=$folder/tmp
mkdir -p "$folder"/{pki,log,pids,tmp,etcd,containerd,kubelet,cni,ipam,sysctl,var-log,var-lib-cni,var-lib-kubelet,opt}
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/containerd /var/lib/cni /var/lib/kubelet
mount --bind "$folder/var-log" /var/log
mount --bind "$folder/var-lib-cni" /var/lib/cni
mount --bind "$folder/var-lib-kubelet" /var/lib/kubelet
# The kubelet would set these for the whole machine; here it finds them as it wants them and leaves them alone.
while read -r name value; do
  [ -e "/proc/sys/$name" ] || continue
  echo "$value" >"$folder/sysctl/${name//\//.}"
  mount --bind "$folder/sysctl/${name//\//.}" "/proc/sys/$name"
done <<'X'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
X

# Network: an address of the node's own, and a veth for each pod. Every packet is routed, none is bridged, so that
# answers always pass where the Service's address was translated.
hostname weft-node
ip link set lo up
ip link add weft0 type bridge
ip address add "$node/32" dev weft0
ip link set weft0 up
ip route add default dev weft0
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
ranges='[{"subnet":"10.244.0.0/16"}]' routes='{"dst":"0.0.0.0/0"}'
if [ "$(cat /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || echo 1)" = 0 ]; then
  sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
  ranges="$ranges,[{\"subnet\":\"fd00:10:244::/64\"}]" routes="$routes,{\"dst\":\"::/0\"}"
fi
cat >"$folder/cni/10-pods.conflist" <<X
{"cniVersion":"1.0.0","name":"pods","plugins":[
 {"type":"ptp","ipMasq":false,"ipam":{"type":"host-local","ranges":[$ranges],"routes":[$routes],"dataDir":"$folder/ipam"}},
 {"type":"portmap","capabilities":{"portMappings":true}}]}
X

cat >"$folder/containerd.toml" <<X
version = 3
root = "$folder/containerd"
state = "/run/containerd/state"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins.'io.containerd.internal.v1.opt']
path = "$folder/opt"
[plugins.'io.containerd.cri.v1.images']
snapshotter = "overlayfs"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "localhost/weft/pause:1"
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
disable_apparmor = true
[plugins.'io.containerd.cri.v1.runtime'.containerd]
default_runtime_name = "runc"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "$folder/cni"
X
run containerd containerd -c "$folder/containerd.toml"
run etcd etcd --data-dir "$folder/etcd" --unsafe-no-fsync --log-level warn --quota-backend-bytes 4294967296 \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380

openssl_quiet() { openssl "$@" 2>>"$log/openssl.log"; }
openssl_quiet req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$pki/ca.key" -out "$pki/ca.crt" -subj /CN=weft-local -days 30
certificate() { # name, subject, alternative names, kind of key
  openssl_quiet req -newkey ${4:-ec -pkeyopt ec_paramgen_curve:P-256} -nodes -keyout "$pki/$1.key" -out "$pki/$1.csr" -subj "$2"
  openssl_quiet x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 30 -out "$pki/$1.crt" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3")
}
certificate apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$node,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc" &
made=$!
# RSA for people: not every client reads EC keys.
certificate admin /O=system:masters/CN=admin DNS:admin rsa:2048
certificate kubelet-client /O=system:masters/CN=apiserver-kubelet-client DNS:apiserver-kubelet-client
certificate front-proxy /CN=front-proxy-client DNS:front-proxy-client
openssl_quiet ecparam -name prime256v1 -genkey -noout -out "$pki/sa.key"
openssl_quiet ec -in "$pki/sa.key" -pubout -out "$pki/sa.pub"
wait "$made"
kubeconfig() { # server
  cat <<X
apiVersion: v1
kind: Config
current-context: weft-local
clusters: [{name: weft-local, cluster: {server: "$1", certificate-authority-data: $(base64 -w0 "$pki/ca.crt")}}]
users: [{name: admin, user: {client-certificate-data: $(base64 -w0 "$pki/admin.crt"), client-key-data: $(base64 -w0 "$pki/admin.key")}}]
contexts: [{name: weft-local, context: {cluster: weft-local, user: admin}}]
X
}
export KUBECONFIG=$folder/node.kubeconfig
kubeconfig https://127.0.0.1:6443 >"$KUBECONFIG"
kubeconfig https://127.0.0.1:PORT >"$folder/host.kubeconfig.part"; mv "$folder/host.kubeconfig.part" "$folder/host.kubeconfig"

run apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --service-cluster-ip-range=10.96.0.0/16 --allow-privileged \
  --advertise-address="$node" --authorization-mode=Node,RBAC --service-account-issuer=https://kubernetes.default.svc \
  --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
  --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
  --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" --kubelet-preferred-address-types=InternalIP \
  --requestheader-client-ca-file="$pki/ca.crt" --requestheader-allowed-names=front-proxy-client --requestheader-username-headers=X-Remote-User \
  --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
  --proxy-client-cert-file="$pki/front-proxy.crt" --proxy-client-key-file="$pki/front-proxy.key"
run api-socket socat "UNIX-LISTEN:$folder/api.sock,fork,mode=600" TCP:127.0.0.1:6443
run controller-manager kube-controller-manager --kubeconfig="$KUBECONFIG" --leader-elect=false --kube-api-qps=500 --kube-api-burst=1000 \
  --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" --use-service-account-credentials \
  --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key"
run scheduler kube-scheduler --kubeconfig="$KUBECONFIG" --leader-elect=false --kube-api-qps=500 --kube-api-burst=1000

import() { ctr --address /run/containerd/containerd.sock --namespace k8s.io images import --local "$1"; }
await "containerd's socket" containerd ctr --address /run/containerd/containerd.sock version
for image in "$bin"/images/*.tar; do import "$image" >>"$log/images.log" 2>&1 || fail "$image cannot be loaded" images; done
await "the API server" apiserver kubectl get --raw /readyz
echo "the API server answers"

# syncFrequency: how late a changed ConfigMap may reach a pod's volume. Annotations come at once.
cat >"$folder/kubelet.yaml" <<X
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: $cgroup
enforceNodeAllocatable: []
failSwapOn: false
localStorageCapacityIsolation: false
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
resolvConf: /dev/null
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
configMapAndSecretChangeDetectionStrategy: Watch
syncFrequency: 10s
kubeAPIQPS: 500
kubeAPIBurst: 1000
eventRecordQPS: 0
maxPods: 250
evictionHard: {}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
serializeImagePulls: false
shutdownGracePeriod: 0s
volumePluginDir: $folder/opt
X
run kubelet kubelet --config "$folder/kubelet.yaml" --kubeconfig "$KUBECONFIG" --root-dir "$folder/kubelet" --cert-dir "$folder/kubelet-pki" \
  --hostname-override weft-node --node-ip "$node"
run kube-proxy kube-proxy --kubeconfig "$KUBECONFIG" --hostname-override weft-node --proxy-mode nftables --cluster-cidr 10.244.0.0/16 --conntrack-max-per-core=0
await "the default namespace" apiserver kubectl get namespace kube-system
kubectl apply --server-side -f "$(dirname "$0")/coredns.yaml" >"$log/manifests.log" 2>&1 || fail "cluster DNS cannot be installed" manifests
kubectl wait --for=create node/weft-node --timeout=60s >/dev/null 2>&1 || fail "the kubelet did not register" kubelet
kubectl wait --for=condition=Ready node/weft-node --timeout=60s >/dev/null 2>&1 || fail "the node is not ready" kubelet
echo "the node is ready"
kubectl -n kube-system rollout status deployment/coredns --timeout=90s >/dev/null 2>&1 || fail "cluster DNS is not ready" kubelet
kubectl wait --for=create serviceaccount/default --timeout=60s >/dev/null 2>&1 || fail "no service account" controller-manager
echo "cluster DNS answers"
touch "$folder/ready"

# Nothing restarts a part: a node that lost one is not the node that a test asked for.
# shellcheck disable=SC2046 # one word for each process
wait -n -p ended $(cat "$folder"/pids/*) || true
for pid in "$folder"/pids/*; do [ "$(cat "$pid")" != "${ended:-}" ] || fail "${pid##*/} ended" "${pid##*/}"; done
fail "a part ended"
