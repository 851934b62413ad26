// Command registry is an image registry. It serves the Unix socket that it is given and a free port of the loopback
// address, which it prints, and keeps its images in the folder that it is given: the driver that keeps them in memory
// copies what it has of a layer with every write.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	settings := &configuration.Configuration{}
	settings.Storage = configuration.Storage{"filesystem": configuration.Parameters{"rootdirectory": os.Args[2]}}
	settings.HTTP.RelativeURLs = true
	settings.HTTP.Secret = "an upload begins and ends in this process"
	registry := handlers.NewApp(context.Background(), settings)

	loopback, err := net.Listen("tcp", "127.0.0.1:0")
	end(err)
	socket, err := net.Listen("unix", os.Args[1])
	end(err)
	fmt.Println(loopback.Addr().(*net.TCPAddr).Port)
	go func() { end(http.Serve(socket, registry)) }()
	end(http.Serve(loopback, registry))
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
