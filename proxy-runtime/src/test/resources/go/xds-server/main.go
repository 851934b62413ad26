// An xDS server on go-control-plane: delta and plain ADS of one snapshot, in clear, on a port that it prints. Each
// number read from standard input is the port of a new endpoint; where it is negative there are two listeners besides,
// "more", and "bad", which no proxy can serve, and a cluster "spare"; where it has a plus sign there is a cluster "lost",
// whose endpoints nobody knows. At 0 all connections are cut. What a client refuses is printed. At the input's end the
// server ends.
//
//	xds-server NODE PORT MORE   NODE is the id of the node that is served, PORT and MORE are those of its listeners
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

func main() {
	if len(os.Args) != 4 {
		check(errors.New("xds-server NODE PORT MORE"))
	}
	node := os.Args[1]
	listening := number(os.Args[2])
	more := number(os.Args[3])
	snapshots := cache.NewSnapshotCache(true, cache.IDHash{}, nil)
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(socket.Addr().(*net.TCPAddr).Port)
	ads := serve(socket, snapshots)

	in := bufio.NewScanner(os.Stdin)
	for version := 1; in.Scan(); version++ {
		if in.Text() == "0" {
			ads.Stop()
			again, err := net.Listen("tcp", socket.Addr().String())
			check(err)
			ads = serve(again, snapshots)
			continue
		}
		port, extra := strings.CutPrefix(in.Text(), "-")
		port, lost := strings.CutPrefix(port, "+")
		listeners := []types.Resource{http("web", listening)}
		clusters := []types.Resource{named("app")}
		endpoints := []types.Resource{at("app", number(port))}
		if extra {
			bad := http("bad", 0)
			bad.ApiListener = &listener.ApiListener{ApiListener: packed(&router.Router{})}
			listeners = append(listeners, bad, http("more", more))
			clusters = append(clusters, named("spare"))
			endpoints = append(endpoints, at("spare", number(port)))
		}
		if lost {
			clusters = append(clusters, named("lost"))
		}
		snapshot, err := cache.NewSnapshot(strconv.Itoa(version), map[resource.Type][]types.Resource{
			resource.ListenerType: listeners,
			resource.RouteType:    {routes()},
			resource.ClusterType:  clusters,
			resource.EndpointType: endpoints,
		})
		check(err)
		check(snapshots.SetSnapshot(context.Background(), node, snapshot))
	}
}

func serve(socket net.Listener, snapshots cache.SnapshotCache) *grpc.Server {
	ads := grpc.NewServer()
	discovery.RegisterAggregatedDiscoveryServiceServer(ads, server.NewServer(context.Background(), snapshots, server.CallbackFuncs{
		StreamRequestFunc: func(_ int64, request *discovery.DiscoveryRequest) error {
			tell(request.GetErrorDetail())
			return nil
		},
		StreamDeltaRequestFunc: func(_ int64, request *discovery.DeltaDiscoveryRequest) error {
			tell(request.GetErrorDetail())
			return nil
		},
	}))
	go func() { check(ads.Serve(socket)) }()
	return ads
}

func tell(refusal *status.Status) {
	if refusal != nil {
		fmt.Println("refused:", refusal.GetMessage())
	}
}

func http(name string, port uint32) *listener.Listener {
	return &listener.Listener{
		Name:    name,
		Address: address(port),
		FilterChains: []*listener.FilterChain{{Filters: []*listener.Filter{{
			Name: "http",
			ConfigType: &listener.Filter_TypedConfig{TypedConfig: packed(&hcm.HttpConnectionManager{
				StatPrefix:     name,
				RouteSpecifier: &hcm.HttpConnectionManager_Rds{Rds: &hcm.Rds{RouteConfigName: "routes", ConfigSource: fromADS()}},
				HttpFilters: []*hcm.HttpFilter{{
					Name:       "router",
					ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: packed(&router.Router{})},
				}},
			})},
		}}}},
	}
}

func routes() *route.RouteConfiguration {
	return &route.RouteConfiguration{
		Name: "routes",
		VirtualHosts: []*route.VirtualHost{{
			Name:    "all",
			Domains: []string{"*"},
			Routes: []*route.Route{{
				Match:  &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: "/"}},
				Action: &route.Route_Route{Route: &route.RouteAction{ClusterSpecifier: &route.RouteAction_Cluster{Cluster: "app"}}},
			}},
		}},
	}
}

func named(name string) *cluster.Cluster {
	return &cluster.Cluster{
		Name:                 name,
		ConnectTimeout:       durationpb.New(5 * time.Second),
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
		EdsClusterConfig:     &cluster.Cluster_EdsClusterConfig{EdsConfig: fromADS()},
	}
}

func at(cluster string, port uint32) *endpoint.ClusterLoadAssignment {
	return &endpoint.ClusterLoadAssignment{
		ClusterName: cluster,
		Endpoints: []*endpoint.LocalityLbEndpoints{{LbEndpoints: []*endpoint.LbEndpoint{{
			HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: address(port)}},
		}}}},
	}
}

func address(port uint32) *core.Address {
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address:       "127.0.0.1",
		PortSpecifier: &core.SocketAddress_PortValue{PortValue: port},
	}}}
}

func fromADS() *core.ConfigSource {
	return &core.ConfigSource{
		ResourceApiVersion:    core.ApiVersion_V3,
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
	}
}

func packed(message proto.Message) *anypb.Any {
	any, err := anypb.New(message)
	check(err)
	return any
}

func number(text string) uint32 {
	number, err := strconv.ParseUint(text, 10, 16)
	check(err)
	return uint32(number)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
