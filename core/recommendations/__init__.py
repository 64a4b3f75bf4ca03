"""What to recommend to whom, and why: pure functions on arrays; no SQL, no clock, no chat.

`interactions` is who took what; `names` the models by name, each fitted by one call and `answers.Fitted` from
then on: `scores`, `recommend`, `explain`, for any history. `blend` (what people take next, an `items.ItemModel`)
and `ratings.blend` are the best of them; `choosing` finds the settings of the first from training data, on
`cuts`. `content` knows topics and levels, `handover` how they give way to the others, and `guide` answers from
both; `allowed` is who lacks prerequisites, `showing` which of the best are shown, `taste` the cosine formula of
the design. `training` makes all that is needed of a community's `evidence`, and `packing` keeps what is `trained`
as bytes. `evaluation` judges all.
"""
