// The readers of env files that are written in Go, asked in JSON lines: docker compose's and that of `docker run --env-file`.
//
// Every line on standard input is a question, {"reader": "compose" or "docker", "texts": [base64, …], "env": {name: value}}: the
// texts are files, read one after the other. Every line on standard output is {"values": {name: base64}} or {"error": "…"}.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/docker/cli/pkg/kvfile"
	"github.com/sirupsen/logrus"
)

type question struct {
	Reader string            `json:"reader"`
	Texts  [][]byte          `json:"texts"`
	Env    map[string]string `json:"env"`
}

type answer struct {
	Values map[string][]byte `json:"values,omitempty"`
	Error  string            `json:"error,omitempty"`
}

func main() {
	logrus.SetOutput(io.Discard)
	input := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return
		}
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			panic(err)
		}
		values := map[string][]byte{}
		if err := read(asked, values); err != nil {
			_ = output.Encode(answer{Error: err.Error() + "."})
		} else {
			_ = output.Encode(answer{Values: values})
		}
	}
}

func read(asked question, values map[string][]byte) error {
	lookup := func(name string) (string, bool) {
		value, ok := asked.Env[name]
		return value, ok
	}
	shared := map[string]string{}
	for _, text := range asked.Texts {
		if asked.Reader == "compose" {
			if err := dotenv.ParseWithFormat(bytes.NewReader(text), "file", shared, lookup, ""); err != nil {
				return err
			}
			continue
		}
		lines, err := kvfile.ParseFromReader(bytes.NewReader(text), lookup)
		if err != nil {
			return err
		}
		for _, line := range lines {
			name, value, _ := strings.Cut(line, "=")
			shared[name] = value
		}
	}
	for name, value := range shared {
		values[name] = []byte(value)
	}
	return nil
}
