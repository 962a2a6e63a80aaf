// Go 1.19, nothing else: go test sms_test.go. The emulator is a subprocess, or what SMSC_API and SMSC_ADDRESS name.
package sms

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var account = fmt.Sprintf("test-%d", os.Getpid()) // a namespace of its own
var address, api = os.Getenv("SMSC_ADDRESS"), os.Getenv("SMSC_API")

type message struct{ From, To, Text, State string }

type filters map[string]any

func start(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal.sqlite")
	arguments := []string{"serve", "--port", "0", "--http", "0", "--journal", journal, "--quiet", "--until-eof"}
	emulator := exec.Command("smsc", arguments...)
	output, err := emulator.StdoutPipe()
	if err == nil {
		_, err = emulator.StdinPipe() // it ends with us
	}
	if err == nil {
		err = emulator.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = emulator.Process.Signal(os.Interrupt); _ = emulator.Wait() })
	ready, _ := bufio.NewReader(output).ReadString('\n')
	says := regexp.MustCompile(`ready on (\S+) .* inbox at (\S+)/`).FindStringSubmatch(ready)
	if says == nil {
		t.Fatalf("it did not start: %q", ready)
	}
	address, api = says[1], says[2]
}

func ask(t *testing.T, path string, body filters) (found struct{ Items []message }) {
	t.Helper()
	encoded, _ := json.Marshal(body)
	request, _ := http.NewRequest("POST", api+path, bytes.NewReader(encoded))
	request.Header.Set("Content-Type", "application/json")
	if token := os.Getenv("SMSC_TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	if response.StatusCode >= 300 {
		t.Fatalf("%s", answer) // what came closest is in it
	}
	_ = json.Unmarshal(answer, &found)
	return found
}

func TestAnOrderIsConfirmed(t *testing.T) {
	if api == "" {
		start(t)
	}
	defer ask(t, "/api/reset", filters{"system_id": account})
	if status := send(t, "77011234567", "Your order 17 is ready"); status != 0 {
		t.Fatalf("refused with %#x", status)
	}
	wanted := filters{"system_id": account, "to": "77011234567", "state": "DELIVRD"}
	found := ask(t, "/api/messages/wait", filters{"filters": wanted, "timeout": 10})
	if text := found.Items[0].Text; text != "Your order 17 is ready" {
		t.Errorf("found %q", text)
	}
	ask(t, "/api/messages/verify", filters{"filters": filters{"system_id": account}, "equals": 1})
}

// --- your program, as far as this test is concerned: bind_transceiver, submit_sm, unbind, octet by octet

func send(t *testing.T, to, text string) uint32 {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if status := exchange(t, connection, 0x09, 1, account+"\x00secret\x00\x00\x34\x00\x00\x00"); status != 0 {
		t.Fatalf("the bind was refused with %#x", status)
	}
	submit := "\x00\x05\x00SHOP\x00\x01\x01" + to + "\x00" + "\x00\x00\x00\x00\x00\x01\x00\x00\x00"
	status := exchange(t, connection, 0x04, 2, submit+string(rune(len(text)))+text)
	exchange(t, connection, 0x06, 3, "")
	return status
}

func exchange(t *testing.T, connection net.Conn, command, sequence uint32, body string) uint32 {
	header := []uint32{uint32(16 + len(body)), command, 0, sequence}
	_ = binary.Write(connection, binary.BigEndian, header)
	_, _ = io.WriteString(connection, body)
	for {
		if err := binary.Read(connection, binary.BigEndian, header); err != nil {
			t.Fatal(err)
		}
		_, _ = io.CopyN(io.Discard, connection, int64(header[0]-16))
		if header[1] == command|0x80000000 && header[3] == sequence {
			return header[2]
		}
	}
}
