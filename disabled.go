package realtimefx

import (
	"net/http"
)

// disabledAPI answers while the plugin is switched off. A request for a
// snapshot gets what CivicPress has always answered then: success, and no
// snapshot.
func disabledAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /records/{id}/snapshot", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"success":true,"data":{"snapshotCreated":false,"version":null,"timestamp":null}}`)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusServiceUnavailable,
			`{"success":false,"error":{"message":"Realtime editing is switched off in realtime.yml","code":"REALTIME_DISABLED"}}`)
	})
	return mux
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the client is gone: nobody to tell
}
