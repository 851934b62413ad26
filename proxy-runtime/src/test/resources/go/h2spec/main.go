// Runs h2spec's server cases, the strict ones too, against a port of this machine.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/summerwind/h2spec"
	"github.com/summerwind/h2spec/config"
)

func main() {
	port := flag.Int("port", 0, "the server's port")
	wait := flag.Duration("wait", 2*time.Second, "how long a case waits for what must come")
	flag.Parse()
	ok, err := h2spec.Run(&config.Config{Host: "127.0.0.1", Port: *port, Path: "/", Timeout: *wait,
		MaxHeaderLen: 4000, Strict: true, Sections: flag.Args()})
	if err != nil {
		fmt.Println(err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}
