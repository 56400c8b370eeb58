"""Arrangements of views with one slice view beside plots, the loss alone or above Dice, and the way back."""

LAYOUT_IDS = {("loss",): 5716, ("loss", "dice"): 5717}
"""Charts -> id of the arrangement that shows them. Slicer's own are below 1000; others' are drawn at random as well."""
PLOT_VIEWS = {"loss": "HLFDLoss", "dice": "HLFDDice"}
"""Chart -> tag of the view that shows it."""

DESCRIPTION = """
<layout type="horizontal" split="true">
 <item>
  <view class="vtkMRMLSliceNode" singletontag="Red">
   <property name="orientation" action="default">Axial</property>
   <property name="viewlabel" action="default">R</property>
   <property name="viewcolor" action="default">#F34A33</property>
  </view>
 </item>
 <item>
  <layout type="vertical" split="true">{plots}
  </layout>
 </item>
</layout>
"""
PLOT = """
   <item>
    <view class="vtkMRMLPlotViewNode" singletontag="{tag}">
     <property name="viewlabel" action="default">{letter}</property>
    </view>
   </item>"""


class PlotLayout:
    """Shows and leaves an arrangement; `layoutManager` is Slicer's, None where Slicer has no window.

    The layout node is asked for anew each time: a closed scene has another one.
    """

    def __init__(self, layoutManager):
        self._manager = layoutManager
        self._before: int | None = None

    @property
    def canShow(self) -> bool:
        """Whether there are views at all."""
        return self._manager is not None

    @property
    def isShown(self) -> bool:
        """Whether an arrangement of ours is shown now."""
        return self.canShow and self._node().GetViewArrangement() in LAYOUT_IDS.values()

    def show(self, scene, chartIds: dict[str, str]) -> None:
        """Show charts: "loss", and "dice" if there is one -> id of the chart node. A plot without points is blank."""
        kinds = ("loss", "dice") if "dice" in chartIds else ("loss",)
        node, layoutId = self._node(), LAYOUT_IDS[kinds]
        if not node.IsLayoutDescription(layoutId):
            node.AddLayoutDescription(layoutId, _description(kinds))
        if not self.isShown:
            self._before = node.GetViewArrangement()
        if node.GetViewArrangement() != layoutId:
            self._manager.setLayout(layoutId)
        for kind, tag in PLOT_VIEWS.items():
            view = scene.GetSingletonNode(tag, "vtkMRMLPlotViewNode")
            if view is not None:
                view.SetPlotChartNodeID(chartIds.get(kind))

    def leave(self) -> None:
        """Go back to the arrangement of before; another that was chosen meanwhile stays."""
        if self.isShown:
            self._manager.setLayout(self._before or self._node().SlicerLayoutFourUpView)

    def _node(self):
        return self._manager.layoutLogic().GetLayoutNode()


def _description(kinds) -> str:
    plots = [PLOT.format(tag=PLOT_VIEWS[kind], letter=kind[0].upper()) for kind in kinds]
    return DESCRIPTION.format(plots="".join(plots))
