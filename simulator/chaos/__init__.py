"""The laboratory: an engine and an exchange in one process, on virtual time, under faults that a seed draws.

| module             | decides                                                                              |
|--------------------|--------------------------------------------------------------------------------------|
| `engine`           | what an engine has to show of itself: the adapter that anybody writes in 20 lines    |
| `draw`, `draw_*`   | what happens in a run, from its seed: a scenario, like one that a person writes      |
| `opening`          | the exchange, as a scenario's laboratory describes it                                |
| `world`, `player`  | how it is played: exchange, network, clock, and the steps                            |
| `life`, `lives`    | how an engine dies at any await, and how it lives again                              |
| `exchange_view`    | what the exchange knows in the end                                                   |
| `oracle`           | whether engine and exchange agree in the end                                         |
| `watch`            | what must hold at every moment on the way                                            |
| `shrink`           | the fewest steps that still fail                                                     |
| `campaign`         | many seeds, on all cores, resumable                                                  |
"""
